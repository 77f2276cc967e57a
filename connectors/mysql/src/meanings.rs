//! What the numbers of MySQL's and MariaDB's errors mean to a reader.

use locard_connector::ErrorKind;

/// Numbers, and what they mean: kind, sentence, hint.
pub(crate) struct Meaning(
    pub(crate) &'static [u16],
    pub(crate) ErrorKind,
    pub(crate) &'static str,
    pub(crate) &'static str,
);

/// The errors of a statement that took longer than it may: MariaDB's and MySQL's.
pub(crate) const TOO_LATE: [u16; 2] = [1969, 3024];

const LOG: &str = "see the server's log";
const AGAIN: &str = "scan the source again";
const KEPT: &str = "try again; what was read so far is kept";
const FEWER: &str = "lower `connections` of the target";
const GRANT: &str = "GRANT SELECT, SHOW VIEW ON the_database.* TO the_account;";

/// What each number means; the comments are their names without ER_.
pub(crate) const MEANINGS: &[Meaning] = &[
    // ACCESS_DENIED
    Meaning(
        &[1045],
        ErrorKind::Unauthenticated,
        "the server refused the password",
        "set the password in the target or in MYSQL_PWD, and see for which hosts the account is made",
    ),
    // ACCESS_DENIED_NO_PASSWORD
    Meaning(
        &[1698],
        ErrorKind::Unauthenticated,
        "the account signs in by other means than a password",
        "make an account that is IDENTIFIED BY a password",
    ),
    // HOST_NOT_PRIVILEGED
    Meaning(
        &[1130],
        ErrorKind::Unauthenticated,
        "the server lets nobody in from this machine",
        "make the account for this host: CREATE USER the_account@'this host'",
    ),
    // HOST_IS_BLOCKED
    Meaning(
        &[1129],
        ErrorKind::Unreachable,
        "the server blocks this machine after many failed connections",
        "run `mysqladmin flush-hosts` on the server",
    ),
    // MUST_CHANGE_PASSWORD, MUST_CHANGE_PASSWORD_LOGIN
    Meaning(
        &[1820, 1862],
        ErrorKind::Unauthenticated,
        "the password has expired",
        "ALTER USER sets a new one",
    ),
    // ACCOUNT_HAS_BEEN_LOCKED, in MySQL and in MariaDB; ACCESS_DENIED_LOCKED
    Meaning(
        &[3118, 4151],
        ErrorKind::Unauthenticated,
        "the account is locked",
        "ALTER USER … ACCOUNT UNLOCK",
    ),
    // NOT_SUPPORTED_AUTH_MODE, PLUGIN_IS_NOT_LOADED
    Meaning(
        &[1251, 1524],
        ErrorKind::Unauthenticated,
        "the account's way of signing in is not supported",
        "make an account with caching_sha2_password or mysql_native_password",
    ),
    // SECURE_TRANSPORT_REQUIRED
    Meaning(
        &[3159],
        ErrorKind::Denied,
        "the server wants an encrypted connection",
        "set `sslmode=require` of the target",
    ),
    // DBACCESS_DENIED
    Meaning(
        &[1044],
        ErrorKind::Denied,
        "the account may not use this database, or there is none of that name",
        GRANT,
    ),
    // TABLEACCESS_DENIED, COLUMNACCESS_DENIED, SPECIFIC_ACCESS_DENIED, PROCACCESS_DENIED, VIEW_NO_EXPLAIN
    Meaning(
        &[1142, 1143, 1227, 1345, 1370],
        ErrorKind::Denied,
        "the account may not read this",
        GRANT,
    ),
    // BAD_DB
    Meaning(
        &[1049],
        ErrorKind::NotFound,
        "there is no such database",
        "SHOW DATABASES lists them",
    ),
    // NO_SUCH_TABLE, BAD_TABLE, UNKNOWN_PARTITION
    Meaning(
        &[1051, 1146, 1735],
        ErrorKind::NotFound,
        "it does not exist (any more)",
        AGAIN,
    ),
    // BAD_FIELD
    Meaning(
        &[1054],
        ErrorKind::NotFound,
        "a column does not exist (any more)",
        AGAIN,
    ),
    // QUERY_TIMEOUT, STATEMENT_TIMEOUT
    Meaning(
        &TOO_LATE,
        ErrorKind::Interrupted,
        "the server ended the statement: it took longer than `statement_timeout`",
        "raise `statement_timeout` of the target",
    ),
    // QUERY_INTERRUPTED, SERVER_SHUTDOWN, NORMAL_SHUTDOWN, CONNECTION_KILLED, CLIENT_INTERACTION_TIMEOUT
    Meaning(
        &[1053, 1077, 1317, 1927, 4031],
        ErrorKind::Interrupted,
        "the server ended the statement or the session",
        KEPT,
    ),
    // NET_READ_ERROR, NET_READ_INTERRUPTED, NET_ERROR_ON_WRITE, NET_WRITE_INTERRUPTED, NEW_ABORTING_CONNECTION
    Meaning(
        &[1152, 1158, 1159, 1160, 1161, 1184],
        ErrorKind::Interrupted,
        "the connection failed",
        "see whether the server still runs",
    ),
    // LOCK_WAIT_TIMEOUT
    Meaning(
        &[1205],
        ErrorKind::Interrupted,
        "another session holds a lock for longer than `lock_timeout`",
        "try again later or raise `lock_timeout` of the target",
    ),
    // LOCK_DEADLOCK, NEED_REPREPARE
    Meaning(
        &[1213, 1615],
        ErrorKind::Interrupted,
        "the server ended the transaction in favour of another",
        "try again",
    ),
    // TABLE_DEF_CHANGED
    Meaning(
        &[1412],
        ErrorKind::Interrupted,
        "the table was changed while it was about to be read",
        "try again",
    ),
    // CON_COUNT, USER_LIMIT_REACHED, TOO_MANY_USER_CONNECTIONS, OUTOFMEMORY, OUT_OF_SORTMEMORY, OUT_OF_RESOURCES,
    // CANT_CREATE_THREAD, MAX_PREPARED_STMT_COUNT_REACHED, RECORD_FILE_FULL, DISK_FULL
    Meaning(
        &[1021, 1037, 1038, 1040, 1041, 1114, 1135, 1203, 1226, 1461],
        ErrorKind::Throttled,
        "the server has no connection, memory or disk to spare",
        FEWER,
    ),
    // CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    Meaning(
        &[1792],
        ErrorKind::Unsupported,
        "reading it would write, and sessions are read-only",
        "leave the view out",
    ),
    // VIEW_INVALID, NO_SUCH_USER
    Meaning(
        &[1356, 1449],
        ErrorKind::Malformed,
        "the view refers to a table, column, function or account that is gone, or that its definer may not use",
        "repair the view, or leave it out with --exclude",
    ),
    // SP_DOES_NOT_EXIST
    Meaning(
        &[1305],
        ErrorKind::Malformed,
        "the view uses a function that does not exist (any more)",
        "repair the view, or leave it out with --exclude",
    ),
    // CANT_OPEN_FILE, FILE_NOT_FOUND, ERROR_ON_READ, GET_ERRNO, NOT_FORM_FILE, NOT_KEYFILE, CRASHED_ON_USAGE,
    // CRASHED_ON_REPAIR, NO_SUCH_TABLE_IN_ENGINE, TABLESPACE_MISSING, TABLESPACE_DISCARDED, ENGINE_OUT_OF_MEMORY
    Meaning(
        &[
            1016, 1017, 1024, 1030, 1033, 1034, 1194, 1195, 1812, 1814, 1932,
        ],
        ErrorKind::Malformed,
        "the server could not read its own files",
        "CHECK TABLE tells what is damaged; see the server's log",
    ),
    // UNKNOWN_STORAGE_ENGINE
    Meaning(
        &[1286],
        ErrorKind::Unsupported,
        "the table's storage engine is not loaded",
        LOG,
    ),
    // CONNECT_TO_FOREIGN_DATA_SOURCE, QUERY_ON_FOREIGN_DATA_SOURCE, FOREIGN_DATA_SOURCE_DOESNT_EXIST
    Meaning(
        &[1429, 1430, 1431],
        ErrorKind::Unreachable,
        "the server behind the table did not answer",
        LOG,
    ),
    // NET_PACKET_TOO_LARGE, WARN_ALLOWED_PACKET_OVERFLOWED
    Meaning(
        &[1153, 1301],
        ErrorKind::Unsupported,
        "a row is larger than `max_allowed_packet` of the server",
        "raise `max_allowed_packet` of the server",
    ),
    // DIVISION_BY_ZERO, TRUNCATED_WRONG_VALUE, WRONG_VALUE_FOR_TYPE, DATA_OUT_OF_RANGE, SUBQUERY_NO_1_ROW,
    // CANT_AGGREGATE_2COLLATIONS and their kin
    Meaning(
        &[1242, 1267, 1270, 1271, 1292, 1365, 1366, 1411, 1690],
        ErrorKind::Malformed,
        "an expression of the view failed",
        LOG,
    ),
    // NOT_SUPPORTED_YET, OPTION_PREVENTS_STATEMENT
    Meaning(
        &[1235, 1290],
        ErrorKind::Unsupported,
        "the server does not support this",
        LOG,
    ),
];

/// Classes of SQLSTATE, for numbers that have no meaning of their own here.
pub(crate) const CLASSES: &[(&str, ErrorKind, &str, &str)] = &[
    (
        "22",
        ErrorKind::Malformed,
        "an expression of the view failed",
        LOG,
    ),
    (
        "28",
        ErrorKind::Unauthenticated,
        "the server does not let this account in",
        LOG,
    ),
    (
        "08",
        ErrorKind::Interrupted,
        "the connection failed",
        "see whether the server still runs",
    ),
    // What a function of a view raises by SIGNAL.
    (
        "45",
        ErrorKind::Malformed,
        "a function of the view failed",
        LOG,
    ),
];
