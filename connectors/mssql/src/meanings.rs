//! What the numbers of SQL Server's errors mean to a reader.

use locard_connector::ErrorKind;

/// Numbers, and what they mean: kind, sentence, hint.
pub(crate) struct Meaning(
    pub(crate) &'static [u32],
    pub(crate) ErrorKind,
    pub(crate) &'static str,
    pub(crate) &'static str,
);

const LOG: &str = "see the server's log";
const AGAIN: &str = "scan the source again";
const KEPT: &str = "try again; what was read so far is kept";
const FEWER: &str = "lower `connections` of the target";
const LEAVE: &str = "repair the view, or leave it out with --exclude";
const LATER: &str = "try again later, or see the state of the database in sys.databases";

/// What each number means.
pub(crate) const MEANINGS: &[Meaning] = &[
    Meaning(
        &[18_456],
        ErrorKind::Unauthenticated,
        "the server refused the login",
        "set the password in the target or in MSSQL_PASSWORD; SQL Server must allow SQL logins (mixed mode)",
    ),
    Meaning(
        &[18_452],
        ErrorKind::Unauthenticated,
        "the login is one of Windows, which are not supported",
        "make a SQL login: CREATE LOGIN the_login WITH PASSWORD = '…'",
    ),
    Meaning(
        &[18_470],
        ErrorKind::Unauthenticated,
        "the login is disabled",
        "ALTER LOGIN the_login ENABLE",
    ),
    Meaning(
        &[18_486],
        ErrorKind::Unauthenticated,
        "the login is locked",
        "ALTER LOGIN the_login WITH PASSWORD = '…' UNLOCK",
    ),
    Meaning(
        &[18_487, 18_488],
        ErrorKind::Unauthenticated,
        "the password has expired",
        "ALTER LOGIN the_login WITH PASSWORD = '…'",
    ),
    Meaning(
        &[40_615],
        ErrorKind::Unauthenticated,
        "the server lets nobody in from this machine",
        "add this machine's address to the rules of the server's firewall",
    ),
    Meaning(
        &[4_060, 4_064, 911],
        ErrorKind::Denied,
        "there is no such database, or the login may not use it",
        "CREATE USER the_user FOR LOGIN the_login, in that database",
    ),
    Meaning(
        &[916],
        ErrorKind::Denied,
        "the login is no user of the database",
        "CREATE USER the_user FOR LOGIN the_login, in that database",
    ),
    Meaning(
        &[229, 230, 262, 297, 300, 371],
        ErrorKind::Denied,
        "the login may not read this",
        "GRANT SELECT TO the_user, in that database",
    ),
    Meaning(
        &[208],
        ErrorKind::NotFound,
        "it does not exist (any more), or a view uses what does not",
        AGAIN,
    ),
    Meaning(
        &[207],
        ErrorKind::NotFound,
        "a column does not exist (any more)",
        AGAIN,
    ),
    Meaning(
        &[1_222],
        ErrorKind::Interrupted,
        "another session holds a lock for longer than `lock_timeout`",
        "try again later or raise `lock_timeout` of the target",
    ),
    Meaning(
        &[1_205],
        ErrorKind::Interrupted,
        "the server ended the statement in favour of another",
        "try again",
    ),
    Meaning(
        &[3_952, 3_961, 3_966, 3_967],
        ErrorKind::Interrupted,
        "the table was changed, or the database stopped allowing snapshots, while it was read",
        "try again",
    ),
    Meaning(
        &[596, 6_005, 6_006, 3_980, 40_197, 40_540],
        ErrorKind::Interrupted,
        "the server ended the statement or the session",
        KEPT,
    ),
    Meaning(
        &[924, 927, 942, 945, 976, 978, 983, 4_221, 40_613],
        ErrorKind::Unreachable,
        "the database cannot be used at this moment",
        LATER,
    ),
    Meaning(
        &[
            701, 802, 1_105, 8_645, 8_651, 9_002, 10_928, 10_929, 17_809, 40_501, 49_918, 49_919,
            49_920,
        ],
        ErrorKind::Throttled,
        "the server has no connection, memory or disk to spare",
        FEWER,
    ),
    Meaning(
        &[8_623, 8_632],
        ErrorKind::Unsupported,
        "the question is too complex for the server",
        LOG,
    ),
    Meaning(
        &[4_413, 4_502, 15_517],
        ErrorKind::Malformed,
        "the view refers to what is gone or has changed",
        LEAVE,
    ),
    Meaning(
        &[
            220, 232, 241, 242, 244, 245, 248, 512, 517, 535, 537, 6_522, 8_114, 8_115, 8_134,
            8_152, 8_169, 9_420, 9_803,
        ],
        ErrorKind::Malformed,
        "an expression of the view, or of a computed column, failed",
        LEAVE,
    ),
    Meaning(
        &[605, 823, 824, 825, 5_180, 7_105, 8_646],
        ErrorKind::Malformed,
        "the server could not read its own files",
        "DBCC CHECKDB tells what is damaged; see the server's log",
    ),
    Meaning(
        &[7_303, 7_399, 7_412, 10_054, 11_514],
        ErrorKind::Unreachable,
        "the server behind the table did not answer",
        LOG,
    ),
];
