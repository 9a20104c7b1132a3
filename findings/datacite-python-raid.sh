#!/usr/bin/env bash
# datacite 1.4.1 (Python, newest on 28 November 2026): it calls the DOI metadata of every RAiD invalid.
#
# RAiD registers its DOIs at DataCite with the general resource type "Project" (DataCite 4.6), points to
# resources by "RRID" (4.6) and to other RAiDs by "RAiD" (4.7). The package's newest schema is 4.5. It cannot
# be given a newer one by a setting: the schema is a file in the package.
#
# Who is hurt: libraries that harvest DataCite and check what they got, or that mint beside a RAiD agency with
# the same tool: all projects are refused, and so is a dataset that names its project by its RAiD.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datacite==1.4.1
expected="Dataset: valid
Project: 'Project' is not one of
RAiD: 'RAiD' is not one of
RRID: 'RRID' is not one of"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from datacite import schema45

def show(name, kind="Dataset", related=None):
    metadata = {
        "doi": "10.82841/c588ab06",
        "creators": [{"name": "Carberry, Josiah"}],
        "titles": [{"title": "Night sounds of the city parks"}],
        "publisher": {"name": "Example Agency"},
        "publicationYear": "2026",
        "types": {"resourceTypeGeneral": kind, "resourceType": "RAiD"},
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }
    if related:
        metadata["relatedIdentifiers"] = [
            {
                "relatedIdentifier": related[1],
                "relatedIdentifierType": related[0],
                "relationType": "IsPartOf",
            }
        ]
    errors = [e.message.split(" [")[0] for e in schema45.validator.iter_errors(metadata)]
    print(f"{name}: {'; '.join(errors) or 'valid'}")

show("Dataset")
show("Project", kind="Project")
show("RAiD", related=("RAiD", "https://raid.org/10.82841/x1"))
show("RRID", related=("RRID", "RRID:SCR_014641"))
PYTHON
)
echo "$seen"
[[ $seen == "$expected" ]] || { echo "changed: this finding is out of date" >&2; exit 1; }
