//! Servers that take connections and say nothing, or a byte now and then: whoever waits for them waits as long as
//! `connect_timeout` says, and is told at what it hung.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::support::Bench;

/// Takes every connection, and says that byte on it now and then if there is one; its port.
fn tarpit(byte: Option<u8>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for taken in listener.incoming().flatten() {
            let Some(byte) = byte else {
                held.push(taken);
                continue;
            };
            std::thread::spawn(move || drip(taken, byte));
        }
    });
    port
}

fn drip(mut taken: TcpStream, byte: u8) {
    while taken.write_all(&[byte]).is_ok() {
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_server_that_answers_nothing_is_waited_for_as_long_as_connecting_may_take() {
    // A byte with which an answer of that protocol may begin.
    let kinds = [
        ("postgres", "anna:pw@", b'N'),
        ("mysql", "anna:pw@", 1),
        ("mssql", "anna:pw@", 4),
        ("mongodb", "", 1),
    ];
    let tried = kinds.into_iter().flat_map(|(scheme, account, byte)| {
        [None, Some(byte)].map(|byte| {
            std::thread::spawn(move || {
                let (bench, port) = (Bench::new(), tarpit(byte));
                let target = format!("{scheme}://{account}127.0.0.1:{port}/crm?connect_timeout=3");
                let begun = Instant::now();
                let scan = bench.run(["scan", &target]);
                let took = begun.elapsed();
                let told = format!("127.0.0.1:{port} got no full answer within 3 seconds");
                assert_eq!(scan.status, 2, "{scheme}: {}", scan.stderr);
                assert!(scan.stdout.contains(&told), "{scheme}: {scan:?}");
                for text in [&scan.stdout, &scan.stderr] {
                    assert!(!text.contains("pw@"), "{text}");
                }
                assert!(took < Duration::from_secs(15), "{scheme}: {took:?}");
            })
        })
    });
    let tried: Vec<_> = tried.collect();
    for one in tried {
        one.join().expect("it is told in time");
    }
}
