// Uses the API through the types that openapi-typescript made of its description.
//
// Arguments: the address, a token, and the request of the small example.

import createClient from 'openapi-fetch';
import type { components, paths } from './api';

type Raid = components['schemas']['RaidDto'];
type RaidCreateRequest = components['schemas']['RaidCreateRequest'];
type ValidationFailure = components['schemas']['ValidationFailure'];

function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

export async function use(baseUrl: string, token: string, example: RaidCreateRequest) {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

  const minted = await client.POST('/raid/', { body: example });
  holds(minted.response.status === 201 && minted.data !== undefined, 'minted');
  // A request that only tries has another answer.
  holds('identifier' in minted.data, 'a RAiD');
  const raid: Raid = minted.data;
  holds(minted.response.headers.get('Location') === raid.identifier.id, 'its address');
  holds(raid.identifier.version === 1, 'its first version');
  holds(raid.title[0]?.text === example.title[0]?.text, 'its title');

  const [prefix, suffix] = raid.identifier.id.split('/').slice(-2);
  holds(prefix !== undefined && suffix !== undefined, 'a handle');
  const path = { prefix, suffix };
  const read = await client.GET('/raid/{prefix}/{suffix}', { params: { path } });
  // By negotiation it could be a text, too.
  holds(typeof read.data === 'object', 'read');
  holds(JSON.stringify(read.data) === JSON.stringify(raid), 'the same');

  const first = raid.title[0];
  holds(first !== undefined, 'a title');
  const title = [{ ...first, text: 'Written by a generated client' }, ...raid.title.slice(1)];
  const updated = await client.PUT('/raid/{prefix}/{suffix}', {
    params: { path },
    body: { ...raid, title },
  });
  holds(updated.data !== undefined && 'identifier' in updated.data, 'updated');
  holds(updated.data.identifier.version === 2, 'its second version');

  const stale = await client.PUT('/raid/{prefix}/{suffix}', {
    params: { path },
    body: { ...raid, title: [{ ...first, text: 'On top of an old version' }] },
  });
  holds(stale.response.status === 409 && stale.error !== undefined, 'a conflict');
  holds('currentVersion' in stale.error && stale.error.currentVersion === 2, 'the current version');

  const listed = await client.GET('/raid/');
  const same = listed.data?.filter((one) => one.identifier.id === raid.identifier.id);
  holds(same?.length === 1, 'listed once');

  const points = await client.GET('/service-point/');
  const names = points.data?.map((point) => point.name);
  holds(names?.includes('RAiD Demo Service Point') === true, 'service points');

  const wrong = await client.POST('/raid/', {
    body: { ...example, title: [{ ...first, text: '' }], date: { startDate: '' } },
  });
  holds(wrong.response.status === 400 && wrong.error !== undefined, 'refused');
  holds('failures' in wrong.error && wrong.error.failures !== undefined, 'failures');
  const failures: ValidationFailure[] = wrong.error.failures;
  const fields = failures.map((failure) => failure.fieldId).sort();
  holds(fields.join() === 'date.startDate,title[0].text', `fields, not ${fields}`);
}
