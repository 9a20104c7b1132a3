#!/usr/bin/env bash
# idutils 1.7.1 (Python, of Invenio): a RAiD or an ISNI does not survive its normal form.
#
# It knows https://raid.org/10.82841/c588ab06 as a RAiD and gives 10.82841/c588ab06 as the normal form. The
# same library takes that form for a DOI first, then for a Handle, and never for a RAiD; a RAiD is minted as
# a Handle or a DOI of another prefix, so its address at doi.org need not lead anywhere. Addresses at
# https://raid.org.au/, which older RAiDs carry, are plain URLs to it.
#
# An ISNI as a URL is known as an ISNI. Its normal form stays the URL, unlike that of ORCID iD and ROR id, so
# the two ways of writing one ISNI differ, and there is no URL for it.
#
# Who is hurt: repositories on InvenioRDM, and whoever stores the normal form without its scheme: the link
# from a dataset to its project comes out as a DOI, and people with an ISNI are not matched.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check idutils==1.7.1
expected="['url', 'raid'] 10.82841/c588ab06
['doi', 'handle']
['url']
['isni'] https://isni.org/isni/0000000121032683 ''
['isni'] 0000000121032683 ''
0000-0002-1825-0097 038sjwq14"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from idutils import detect_identifier_schemes as schemes, normalize_pid, to_url

raid = "https://raid.org/10.82841/c588ab06"
print(schemes(raid), normalize_pid(raid, "raid"))
print(schemes(normalize_pid(raid, "raid")))
print(schemes("https://raid.org.au/10.26259/2d6a8cf0"))
for isni in ("https://isni.org/isni/0000000121032683", "0000000121032683"):
    normal = normalize_pid(isni, "isni")
    print(schemes(isni), normal, repr(to_url(normal, "isni")))
print(
    normalize_pid("https://orcid.org/0000-0002-1825-0097", "orcid"),
    normalize_pid("https://ror.org/038sjwq14", "ror"),
)
PYTHON
)
echo "$seen"
[[ $seen == "$expected" ]] || { echo "changed: this finding is out of date" >&2; exit 1; }
