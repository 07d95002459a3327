"""SQL as it is typed into `make sql`: where a statement ends, and whether it is for every row."""

import pytest

from local.statements import changes_every_row, first_statement, is_blank


@pytest.mark.parametrize(
    ("typed", "first", "rest"),
    [
        ("SELECT 1;", "SELECT 1;", ""),
        (" SELECT 1; SELECT 2;\n", "SELECT 1;", " SELECT 2;\n"),
        ("UPDATE a SET b = 1\nWHERE c = 2;\n", "UPDATE a SET b = 1\nWHERE c = 2;", "\n"),
        ("SELECT ';', 'it''s;' ;x", "SELECT ';', 'it''s;' ;", "x"),
        ("SELECT E'\\';' ;x", "SELECT E'\\';' ;", "x"),
        ("SELECT '\\';x", "SELECT '\\';", "x"),
        ('SELECT "a;""b" ;x', 'SELECT "a;""b" ;', "x"),
        ("SELECT $$;$$;x", "SELECT $$;$$;", "x"),
        ("SELECT $a$;$$;$b$;$a$;x", "SELECT $a$;$$;$b$;$a$;", "x"),
        ("SELECT a$b$c;x", "SELECT a$b$c;", "x"),
        ("SELECT $1;x", "SELECT $1;", "x"),
        ("SELECT 1 -- ; no\n;x", "SELECT 1 -- ; no\n;", "x"),
        ("SELECT /* ; /* ; */ ; */ 1;x", "SELECT /* ; /* ; */ ; */ 1;", "x"),
        ("SELECT '/*' ; x", "SELECT '/*' ;", " x"),
        ("SELECT '--' ; x", "SELECT '--' ;", " x"),
        ("SELECT 'a\nb;' ;", "SELECT 'a\nb;' ;", ""),
    ],
)
def test_a_statement_ends_with_its_semicolon(typed: str, first: str, rest: str) -> None:
    """Not with one in a text, a name, a dollar quote or a comment."""
    assert first_statement(typed) == (first, rest)


@pytest.mark.parametrize(
    "typed",
    ["", "SELECT 1", "SELECT ';", "SELECT E'\\';", 'SELECT ";', "SELECT $$;", "SELECT $a$; $$;", "SELECT 1 -- ;", "/* ;", "/* /* */ ;"],
)  # fmt: skip
def test_what_has_not_ended_goes_on_in_the_next_line(typed: str) -> None:
    """An open quote holds what comes next."""
    assert first_statement(typed) is None


@pytest.mark.parametrize("typed", ["", "\n  ", "-- nothing\n", "/* nothing */", "/* a /* b */ */ -- c"])
def test_comments_and_blanks_are_no_statement(typed: str) -> None:
    """Nothing is sent for them."""
    assert is_blank(typed)


@pytest.mark.parametrize("typed", ["SELECT", "/* a */ x", "'", "/* open", "'text'", "1"])
def test_anything_else_is_the_beginning_of_one(typed: str) -> None:
    """Also what is still open."""
    assert not is_blank(typed)


EVERY = [
    ("UPDATE a SET b = 1;", "UPDATE"),
    ("update a set b = 1", "UPDATE"),
    ("DELETE FROM a;", "DELETE"),
    ("TRUNCATE a;", "TRUNCATE"),
    ("/* x */ UPDATE a SET b = 1; -- WHERE c", "UPDATE"),
    ("UPDATE a SET b = 'WHERE' /* WHERE */", "UPDATE"),
    ('UPDATE a SET "WHERE" = 1', "UPDATE"),
    ("UPDATE a SET b = $$ WHERE $$", "UPDATE"),
    ("UPDATE a SET b = (SELECT c FROM d WHERE e)", "UPDATE"),
    ("UPDATE a SET b = c FROM d", "UPDATE"),
    ("DELETE FROM a USING b RETURNING *", "DELETE"),
    ("WITH x AS (UPDATE a SET b = 1 RETURNING *) SELECT * FROM x WHERE y", "UPDATE"),
    ("WITH x AS MATERIALIZED (DELETE FROM a) SELECT 1", "DELETE"),
    ("WITH x AS (SELECT 1 WHERE true) UPDATE a SET b = 1", "UPDATE"),
    ("WITH x AS (DELETE FROM a WHERE b) DELETE FROM c", "DELETE"),
    ("WITH x AS (DELETE FROM a), y AS (SELECT 1) SELECT 1", "DELETE"),
    ("EXPLAIN ANALYZE UPDATE a SET b = 1", "UPDATE"),
    ("EXPLAIN (ANALYZE) DELETE FROM a", "DELETE"),
    ("PREPARE p AS DELETE FROM a", "DELETE"),
]
SOME = [
    "UPDATE a SET b = 1 WHERE c",
    "update a set b = (select 1) where c;",
    "DELETE FROM a WHERE b IN (SELECT c FROM d)",
    "WITH x AS (UPDATE a SET b = 1 WHERE c RETURNING *) SELECT * FROM x",
    "WITH x AS (SELECT 1) DELETE FROM a USING x WHERE true",
    "SELECT * FROM a FOR UPDATE",
    "SELECT * FROM a FOR NO KEY UPDATE",
    "INSERT INTO a VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 1",
    "CREATE TABLE a (b integer REFERENCES c ON DELETE CASCADE ON UPDATE SET NULL)",
    "GRANT UPDATE, DELETE ON a TO b",
    "CREATE TRIGGER t BEFORE UPDATE OR DELETE ON a EXECUTE FUNCTION f()",
    "SELECT 'UPDATE a SET b = 1'",
    "SELECT $$DELETE FROM a$$",
    "-- DELETE FROM a\nSELECT 1",
    'SELECT "update" FROM a',
    "EXPLAIN UPDATE a SET b = 1",
    "",
    ")))",
]


@pytest.mark.parametrize(("statement", "verb"), EVERY)
def test_a_change_without_where_is_for_every_row(statement: str, verb: str) -> None:
    """A WHERE counts only where it stands: not in a text, a comment, or another query."""
    assert changes_every_row(statement) == verb


@pytest.mark.parametrize("statement", SOME)
def test_other_statements_are_not(statement: str) -> None:
    """Those with a WHERE of their own, and those that only hold the word."""
    assert changes_every_row(statement) is None
