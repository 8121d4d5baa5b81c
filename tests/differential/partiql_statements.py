"""Statements for both servers, in order, and where Local is known to answer otherwise.

DynamoDB Local gives no detail for malformed statements: it repeats them.
"""

from __future__ import annotations

from differential.differences import Wording
from support import tables

TABLE = "partiql-differential"
DEFINITION = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "g": "S", "h": "N"},
    local=[tables.index("lsi", "pk", "h", projection="KEYS_ONLY")],
    everywhere=[tables.index("gsi", "g", "h", projection="KEYS_ONLY")],
)

_KEY = "WHERE pk = 'p' AND sk = 1"
_SELECTS = """
* FROM ttt
a, m.k.z, l[0], l[1] FROM ttt WHERE pk = 'p'
m['k'] FROM ttt WHERE pk = 'p'
(a) FROM ttt WHERE pk = 'p'
a, a FROM ttt
a AS b FROM ttt
a b FROM ttt
1 FROM ttt
'a' FROM ttt
size(a) FROM ttt
COUNT(*) FROM ttt
SUM(n) FROM ttt
a + 1 FROM ttt
DISTINCT a FROM ttt
VALUE a FROM ttt
m.* FROM ttt
pk.x FROM ttt WHERE pk = 'p'
* FROM ttt, ttt
* FROM 'ttt'
* FROM ttt[0]
* FROM ttt.gsi.x
* FROM ttt.gsi WHERE g = 'g1'
* FROM ttt.lsi WHERE pk = 'p'
* FROM ttt.lsi WHERE pk = 'p' ORDER BY h DESC
a FROM ttt.lsi WHERE pk = 'p'
* FROM ttt.gsi WHERE g = 1
* FROM t
* FROM "a b"
* FROM ttt GROUP BY a
* FROM ttt HAVING a = 1
* FROM ttt LIMIT 1
* FROM ttt WHERE pk = 'p' ORDER BY sk DESC
* FROM ttt WHERE pk = 'p' ORDER BY sk, sk
* FROM ttt ORDER BY sk
* FROM ttt WHERE a = 'x' ORDER BY sk
* FROM ttt WHERE pk = 'p' ORDER BY m.k
* FROM ttt WHERE pk = 'p' AND sk IN [1, 2]
* FROM ttt WHERE pk IN ['p', 'q'] AND sk = 1
* FROM ttt WHERE pk = 'p' AND sk = 'x'
* FROM ttt WHERE pk = 'p' AND sk > 'x'
* FROM ttt WHERE pk = 'p' AND sk BETWEEN 5 AND 1
* FROM ttt WHERE pk = 'p' AND sk BETWEEN 1 AND 'x'
* FROM ttt WHERE pk = '' AND sk = 1
* FROM ttt WHERE pk.x = 'p'
* FROM ttt WHERE pk = 'p' AND sk[0] = 1
* FROM ttt WHERE a
* FROM ttt WHERE true
* FROM ttt WHERE a LIKE 'x%'
* FROM ttt WHERE a || 'x' = 'yx'
* FROM ttt WHERE n = 1 + 2
* FROM ttt WHERE n BETWEEN 5 AND 'a'
* FROM ttt WHERE a NOT IN ['x']
* FROM ttt WHERE n NOT BETWEEN 1 AND 2
* FROM ttt WHERE a IN 'x'
* FROM ttt WHERE a IN []
* FROM ttt WHERE a IN ('x')
* FROM ttt WHERE a IN <<'x'>>
* FROM ttt WHERE a IN (a)
* FROM ttt WHERE a = a
* FROM ttt WHERE a = n
* FROM ttt WHERE 1 = 1
* FROM ttt WHERE a IS NOT STRING
* FROM ttt WHERE a IS INT
* FROM ttt WHERE a IS VARCHAR
* FROM ttt WHERE n IS NUMERIC
* FROM ttt WHERE m IS TUPLE AND l IS LIST
* FROM ttt WHERE a IS MISSING
* FROM ttt WHERE size(a)
* FROM ttt WHERE begins_with(a)
* FROM ttt WHERE begins_with(a, 1)
* FROM ttt WHERE contains(a, a)
* FROM ttt WHERE if_not_exists(a, 1) = 1
* FROM ttt WHERE size(1) = 1
* FROM ttt WHERE size('abc') = 3
* FROM ttt WHERE a = missing
* FROM ttt WHERE m = {'k': {'z': 'q'}}
* FROM ttt WHERE a = {a: 1}
* FROM ttt WHERE a = {'x': b}
* FROM ttt WHERE a = <<[1]>>
* FROM ttt WHERE m['k'].z = 'q'
* FROM ttt WHERE NOT NOT a = 'x'
* FROM ttt WHERE ((a = 'x') OR (a = 'y'))
* FROM ttt WHERE a = -'x'
* FROM ttt WHERE a = 1.
* FROM ttt WHERE CASE WHEN a = 1 THEN 1 END = 1
"""
_OTHERS = f"""
foo
1
DROP TABLE ttt
EXISTS(SELECT * FROM ttt {_KEY} AND a = 'x')
INSERT INTO ttt VALUE {{'pk': 'z'}}
INSERT INTO ttt VALUE {{'pk': 1, 'sk': 1}}
INSERT INTO ttt VALUE {{'pk': '', 'sk': 1}}
INSERT INTO ttt VALUE {{'pk': 'p', 'sk': 1}}
INSERT INTO ttt VALUE {{'pk': 'new', 'sk': 1, 'ss': <<'b', 'a'>>, 'l': [1, {{'x': null}}]}}
INSERT INTO ttt VALUE 1
INSERT INTO ttt VALUE {{'pk': 'z', 'sk': 1}} RETURNING ALL OLD *
INSERT INTO ttt {{'pk': 'z', 'sk': 1}}
INSERT INTO ttt VALUE {{'pk': 'z', 'sk': 1, 'x': a}}
INSERT INTO ttt VALUE {{'pk': 'z', 'sk': 1, 'x': 1 + 1}}
INSERT INTO ttt VALUE {{'pk': 'z', 'sk': 1, 'x': missing}}
INSERT INTO ttt VALUE {{'pk': 'z', 'sk': 1, '': 1}}
UPDATE ttt SET a = 1
UPDATE ttt SET a = 1 WHERE pk = 'p'
UPDATE ttt SET a = 1 WHERE pk = 'p' AND sk = 'x'
UPDATE ttt SET a = 1 WHERE pk = 'p' AND sk > 1
UPDATE ttt SET a = 1 WHERE pk = 'p' AND sk = true
UPDATE ttt SET a = 1 WHERE pk = '' AND sk = 1
UPDATE ttt SET a = 1 WHERE pk = 'nope' AND sk = 1
UPDATE ttt SET pk = 'q' {_KEY}
UPDATE ttt SET a = 1, b = 2 {_KEY} RETURNING ALL NEW *
UPDATE ttt SET a = 1 SET a = 2 {_KEY}
UPDATE ttt SET m.x.y = 1 {_KEY}
UPDATE ttt SET a = nope {_KEY}
UPDATE ttt SET n = n + 1 + 1 {_KEY} RETURNING MODIFIED NEW *
UPDATE ttt SET n = (n - 1) {_KEY} RETURNING MODIFIED OLD *
UPDATE ttt SET n = n * 2 {_KEY}
UPDATE ttt SET a = if_not_exists(a, 1) SET c = if_not_exists(c, 1) {_KEY} RETURNING ALL NEW *
UPDATE ttt SET a = size(a) {_KEY}
UPDATE ttt SET l = list_append(l) {_KEY}
UPDATE ttt SET l = list_append(l, 1) {_KEY}
UPDATE ttt SET l = list_append(list_append(l, [1]), [2]) {_KEY} RETURNING ALL NEW *
UPDATE ttt SET l[0] = 'z' SET l[99] = 'end' {_KEY} RETURNING ALL NEW *
UPDATE ttt SET a = missing {_KEY}
UPDATE ttt REMOVE a REMOVE b {_KEY} RETURNING ALL NEW *
UPDATE ttt REMOVE nope.x {_KEY}
UPDATE ttt SET ss = set_add(ss, <<'x', 'y'>>) {_KEY} RETURNING ALL NEW *
UPDATE ttt SET ss = set_delete(ss, <<'x'>>) {_KEY} RETURNING ALL NEW *
UPDATE ttt SET ss = set_add(ss, 1) {_KEY}
UPDATE ttt SET ss = set_add(a, <<1>>) {_KEY}
UPDATE ttt SET ss = set_add(ss) {_KEY}
UPDATE ttt SET a = 2 {_KEY} RETURNING ALL NEW a
UPDATE ttt SET a = 2 {_KEY} RETURNING ALL NEW *, ALL OLD *
UPDATE ttt SET a = 2 {_KEY} AND pk = 'q'
UPDATE ttt SET a = 2 {_KEY} AND sk > 0
UPDATE ttt SET a = 2 {_KEY} AND a = 'nope'
UPDATE ttt SET a = 2 WHERE pk = 'p' AND 1 = sk
UPDATE ttt.gsi SET a = 1 {_KEY}
UPDATE ttt t SET a = 1 {_KEY}
FROM ttt {_KEY} SET a = 3 RETURNING ALL NEW *
DELETE FROM ttt
DELETE FROM ttt WHERE pk = 'p'
DELETE FROM ttt WHERE pk = 'p' AND sk = 2 AND a = 'nope'
DELETE FROM ttt WHERE pk = 'p' AND sk = 2 RETURNING ALL NEW *
DELETE FROM ttt WHERE pk = 'p' AND sk = 2 RETURNING ALL OLD *
DELETE FROM ttt WHERE pk = 'p' AND sk = 2 RETURNING ALL OLD *
DELETE FROM ttt.gsi {_KEY}
"""


def statements() -> list[str]:
    """All statements, on TABLE."""
    texts = [f"SELECT {rest}" for rest in _SELECTS.strip().splitlines()]
    texts += _OTHERS.strip().splitlines()
    return [text.replace("ttt", f'"{TABLE}"') for text in texts]


_PLACE = r" at \d+:\d+:\d+"

WORDINGS = [
    Wording(local="Statement wasn't well formed, can't be processed: .*",
            service="Statement wasn't well formed, can't be processed: .*",
            source="observed 13 [A]: the service gives a detail"),
    Wording(local="Unrecognized function: .*", service=f"Unrecognized function: .*{_PLACE}",
            source="observed in October 2026, with the place"),
    Wording(local="The first argument to SET_.*", service=f"The first argument to SET_.*{_PLACE}",
            source="observed in October 2026, with the place"),
    Wording(local="Variable reference .* in ORDER BY clause .*",
            service="Attribute .* in ORDER BY clause .*", source="observed in September 2026"),
    Wording(local="Unsupported data type: .*", service="Unsupported data type: .*",
            source="observed in September 2026: the path inside a list is root[0]"),
]  # fmt: skip
