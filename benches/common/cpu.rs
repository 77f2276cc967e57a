//! CPU seconds, user and system, of this process and of its finished children.

#[cfg(unix)]
mod measure {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;

    pub(crate) fn of(who: UsageWho) -> f64 {
        let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        getrusage(who)
            .map(|usage| seconds(usage.user_time()) + seconds(usage.system_time()))
            .unwrap_or_default()
    }

    pub(crate) const OWN: UsageWho = UsageWho::RUSAGE_SELF;
    pub(crate) const CHILDREN: UsageWho = UsageWho::RUSAGE_CHILDREN;
}

/// Elsewhere only wall-clock time is at hand: ratios still hold on an idle machine.
#[cfg(not(unix))]
mod measure {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(crate) fn of(_: ()) -> f64 {
        START.elapsed().as_secs_f64()
    }

    pub const OWN: () = ();
    pub const CHILDREN: () = ();
}

/// CPU seconds of this process so far.
pub(crate) fn own() -> f64 {
    measure::of(measure::OWN)
}

/// CPU seconds of finished children so far.
pub(crate) fn children() -> f64 {
    measure::of(measure::CHILDREN)
}
