// An OpenID provider, for the tests: `node provider.mjs PORT KEYS`.
//
// It signs with the first key of the file KEYS (a JSON Web Key Set). Each start puts a new key in
// front and keeps the one before, so that a restart is a rotation and two withdraw a key. Whatever
// the password, anybody can sign in; what they may do depends on their name.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [port, keysFile] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const GROUP = '169bd3f3-dd42-4ac0-b89a-fb49648e5eff';

// As Keycloak writes them into the tokens of a person or of a service.
const CLAIMS = {
  alice: { realm_access: { roles: ['offline_access', 'service-point-user'] }, service_point_group_id: GROUP },
  ada: { realm_access: { roles: ['raid-admin'] }, service_point_group_id: GROUP },
  olga: { realm_access: { roles: ['operator'] } },
  stranger: {},
  'status-service': { realm_access: { roles: ['contributor-writer'] }, service_point_group_id: GROUP },
};

// What tokens can be asked for, and what is in `aud` then.
const API = 'https://raid-agency.example/api';
const EXPIRED = 'https://raid-agency.example/api/yesterday';
const AUDIENCES = {
  [API]: 'raid-api',
  [EXPIRED]: 'raid-api',
  'https://other.example/api': 'other-api',
};

function keys() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const fresh = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
  const before = existsSync(keysFile) ? JSON.parse(readFileSync(keysFile, 'utf8')).keys : [];
  const set = { keys: [fresh, ...before.slice(0, 1)] };
  writeFileSync(keysFile, JSON.stringify(set), { mode: 0o600 });
  return set;
}

const provider = new Provider(issuer, {
  jwks: keys(),
  cookies: { keys: [randomUUID()] },
  clients: [
    // An application in a browser: no secret, so it must prove by PKCE that it asked.
    {
      client_id: 'raid-app',
      token_endpoint_auth_method: 'none',
      redirect_uris: [`${issuer}/signed-in`],
      grant_types: ['authorization_code'],
    },
    {
      client_id: 'status-service',
      client_secret: 'the secret of the status service',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
  ],
  pkce: { required: () => true, methods: ['S256'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => API,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        audience: AUDIENCES[resource],
        scope: 'raid',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  extraTokenClaims: (_, token) => ({ azp: token.clientId, ...CLAIMS[token.accountId ?? token.clientId] }),
  formats: {
    customizers: {
      jwt: (ctx, _, { payload }) => {
        if (ctx.oidc.params.resource === EXPIRED) {
          payload.iat -= 86_400;
          payload.exp -= 86_400;
        }
      },
    },
  },
  // One process and one user at a time: nothing needs to be cleaned up.
  ttl: { Session: 3600, Interaction: 3600, Grant: 3600, AccessToken: 3600, ClientCredentials: 3600 },
});

// Where the application would take over.
provider.use(async (ctx, next) => {
  if (ctx.path === '/signed-in') {
    ctx.body = '<h1>Signed in</h1>';
  } else {
    await next();
  }
});

// The test holds the other end: when it ends, however, so does this.
process.stdin.on('close', () => process.exit()).resume();

provider.listen(Number(port), '127.0.0.1', () => console.log(`OpenID provider: ${issuer}`));
