"""Tables from the files that projects already have, compared with an endpoint and made there.

In the order in which a file meets them: `files` reads texts, `json_text` and `yaml_text` make
`nodes` of them, values that know their lines. `cloudformation` and `described` bring each
definition into the form of a CreateTable request, of which `building` makes a `TableDefinition`,
with `problems` where it cannot. `reading` puts that together: `read_tables` is what others use.

`current` asks an endpoint, by `calls`, what there is; `steps` are the requests from the one to the
other, `planning` collects them, and `applying` carries them out: `apply` is what others use.
"""

from genset.schemas.applying import ApplyError, RefusedError, apply
from genset.schemas.definitions import IndexDefinition, TableDefinition, Units
from genset.schemas.problems import Place, Problem, SchemaError
from genset.schemas.reading import read_tables

__all__ = [
    "ApplyError",
    "IndexDefinition",
    "Place",
    "Problem",
    "RefusedError",
    "SchemaError",
    "TableDefinition",
    "Units",
    "apply",
    "read_tables",
]
