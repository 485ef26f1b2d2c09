"""The words that cannot name a table or an attribute unless they are quoted: those of SQL-92, those that PartiQL adds,
and the names of types. Source: the published grammar of PartiQL, whose parser the service uses."""

_WORDS = """
absolute action add all allocate alter and any are as asc assertion at authorization avg begin between bit bit_length
by cascade cascaded case cast catalog char character character_length char_length check close coalesce collate
collation column commit connect connection constraint constraints continue convert corresponding count create cross
current current_date current_time current_timestamp current_user cursor date deallocate dec decimal declare default
deferrable deferred delete desc describe descriptor diagnostics disconnect distinct domain double drop else end escape
except exception exec execute exists external extract date_add date_diff false fetch first float for foreign found from
full get global go goto grant group having identity immediate in indicator initially inner input insensitive insert int
integer intersect interval into is isolation join key language last left level like local lower match max min module
names national natural nchar next no not null nullif numeric octet_length of on only open option or order outer output
overlaps pad partial position precision prepare preserve primary prior privileges procedure public read real references
relative restrict revoke right rollback rows schema scroll section select session session_user set size smallint some
space sql sqlcode sqlerror sqlstate substring sum system_user table temporary then time timestamp to transaction
translate translation trim true union unique unknown update upper usage user using value values varchar varying view
when whenever where with work write zone

missing pivot unpivot limit tuple remove index conflict do nothing returning modified new old let
bool boolean string symbol clob blob struct list sexp bag
"""

_FUNCTIONS = """
exists count avg max min sum substring char_length character_length octet_length bit_length upper lower size nullif
coalesce sexp list bag
"""

_TYPES = """
boolean bool smallint integer int float real decimal dec numeric timestamp date time character char varchar string
symbol clob blob struct tuple list sexp bag int4 int8
"""

KEYWORDS = frozenset(_WORDS.split())

OPERATORS = frozenset(("and", "or", "not", "is", "in", "like", "between", "union", "except", "intersect"))
"""Of them, those that are operators."""

FUNCTIONS = frozenset(_FUNCTIONS.split())
"""Of them, those that may be called."""

TYPES = frozenset(_TYPES.split())
"""What may follow IS beside MISSING and NULL, in one word."""

TYPE_PAIRS = frozenset((("double", "precision"), ("character", "varying")))
