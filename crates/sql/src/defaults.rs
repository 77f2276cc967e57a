//! Usual values of limits that settings of several servers have alike.

/// Seconds until an attempt to connect is given up.
pub const fn connect_timeout() -> u64 {
    10
}

/// Seconds after which a statement is ended.
pub const fn statement_timeout() -> u64 {
    3_600
}

/// Seconds after which the reading of a view is ended.
pub const fn view_timeout() -> u64 {
    300
}

/// Seconds after which a wait for a lock is ended.
pub const fn lock_timeout() -> u64 {
    5
}

/// How many reads run at the same time.
pub const fn connections() -> u16 {
    4
}
