//! Bundles that are kept in containers of object stores, and handed out from there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use locard_testkit::servers;
use ring::hmac;

use crate::collect::{SHOP, scanned};
use crate::support::{Bench, Run};

/// A home whose bundles are kept in a container, with what the store's own programs read from the environment.
struct Kept<'a> {
    bench: Bench,
    environment: Vec<(&'a str, String)>,
}

impl<'a> Kept<'a> {
    fn new(environment: &[(&'a str, &str)]) -> Self {
        let bench = Bench::new();
        scanned(&bench, SHOP);
        let environment = environment.iter();
        Self {
            bench,
            environment: environment
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        }
    }

    fn run(&self, args: &[&str]) -> Run {
        let mut command = self.bench.command(args);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Run::of(&command.output().expect("locard runs"))
    }

    fn done(&self, args: &[&str]) -> String {
        let run = self.run(args);
        assert_eq!(run.status, 0, "{args:?}: {}", run.stderr);
        run.stdout
    }

    fn set(&self, address: &str) -> Run {
        self.run(&["dsar", "settings", &format!("store={address}")])
    }

    /// Has a bundle made, fetched, checked and destroyed, all of it in the container whose content `list` tells.
    fn hold(&self, address: &str, list: &dyn Fn() -> String) {
        let set = self.set(address);
        assert_eq!(set.status, 0, "{}", set.stderr);
        assert!(
            !list().contains("kept/"),
            "trying it out leaves nothing: {}",
            list()
        );
        self.done(&["dsar", "settings", "review=false"]);
        let anna = ["--email", "anna@example.org", "--name", "Anna Muster"];
        let made = self.done(&[&["dsar", "create"][..], &anna].concat());
        let job = made.lines().next().unwrap_or_default().trim().to_owned();
        self.done(&["dsar", "run", &job]);
        assert!(list().contains("bundle.zip"), "{}", list());
        let home = self.bench.home().join("bundles/dsar");
        assert!(!home.exists(), "nothing of it is in the home");
        let file = self.bench.path("anna.zip").display().to_string();
        self.done(&["dsar", "download", &job, "--output", &file]);
        self.done(&["dsar", "verify", &file]);
        let shown = self.done(&["dsar", "show", &job]);
        assert!(shown.contains("DELIVERED"), "{shown}");
        // What is cancelled leaves no bundle there.
        let another = self.done(&[&["dsar", "create"][..], &anna].concat());
        let another = another.lines().next().unwrap_or_default().trim().to_owned();
        self.done(&["dsar", "run", &another]);
        assert_eq!(list().matches("bundle.zip<").count(), 2, "{}", list());
        self.done(&["dsar", "cancel", &another]);
        assert_eq!(list().matches("bundle.zip<").count(), 1, "{}", list());
    }
}

#[test]
fn a_bundle_is_kept_in_a_bucket_and_handed_out_from_there() {
    let Some(server) = servers::address("a bundle store", "an S3 server", servers::S3_URL) else {
        return;
    };
    let host = server.rsplit('@').next().expect("the address has a host");
    let bucket = format!("bundles-{}", std::process::id());
    let put = servers::http("PUT", &format!("http://{host}/{bucket}"), &[], b"");
    assert_eq!(put.0, 200);
    let kept = Kept::new(&[
        ("AWS_ACCESS_KEY_ID", "AKIALOCARDTEST"),
        ("AWS_SECRET_ACCESS_KEY", "hushhushhush"),
        ("AWS_ENDPOINT", &format!("http://{host}")),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        // What is no setting of the store's programs is none of this one's.
        ("ENDPOINT", "http://127.0.0.1:1"),
    ]);
    for (wrong, why) in [
        (format!("s3://user:hush@{bucket}/x"), "credentials"),
        (format!("ftp://{bucket}/x"), "no kind that is known"),
        ("s3://nothing-of-that-name/x".to_owned(), "cannot be used"),
    ] {
        let refused = kept.set(&wrong);
        assert_eq!(refused.status, 2, "{wrong}: {}", refused.stdout);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
        assert!(!refused.stderr.contains("user:hush"), "{}", refused.stderr);
    }
    let list = || {
        let address = format!("http://{host}/{bucket}?list-type=2");
        let (status, body) = servers::http("GET", &address, &[], b"");
        assert_eq!(status, 200);
        String::from_utf8_lossy(&body).into_owned()
    };
    kept.hold(&format!("s3://{bucket}/kept"), &list);
}

/// A container of an Azure account.
struct Container {
    host: String,
    account: String,
    key: String,
    name: String,
}

impl Container {
    /// A request that is signed as the service's documentation says.
    fn ask(&self, method: &str, query: &[(&str, &str)]) -> (u16, String) {
        let Self {
            host,
            account,
            name,
            ..
        } = self;
        let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT");
        let date = date.to_string();
        let version = "2021-12-02";
        let canonical: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("\n{name}:{value}"))
            .collect();
        let canonical = canonical.concat();
        let signed = format!(
            "{method}{}x-ms-date:{date}\nx-ms-version:{version}\n/{account}/{account}/{name}{canonical}",
            "\n".repeat(12)
        );
        let key = STANDARD.decode(&self.key).expect("the key is base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
        let authorization = format!("SharedKey {account}:{signature}");
        let asked: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let address = format!("http://{host}/{account}/{name}?{}", asked.join("&"));
        let headers = [
            ("x-ms-date", date.as_str()),
            ("x-ms-version", version),
            ("Authorization", authorization.as_str()),
        ];
        let (status, body) = servers::http(method, &address, &headers, b"");
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    fn list(&self) -> String {
        let (status, body) = self.ask("GET", &[("comp", "list"), ("restype", "container")]);
        assert_eq!(status, 200, "{body}");
        body
    }
}

#[test]
fn a_bundle_is_kept_in_an_azure_container_and_handed_out_from_there() {
    let Some(server) = servers::address("a bundle store", "Azurite", servers::AZURE_URL) else {
        return;
    };
    let server = server.trim_start_matches("http://");
    let (credentials, host) = server.split_once('@').expect("the address has credentials");
    let (account, key) = credentials.split_once(':').expect("they have two parts");
    let container = Container {
        host: host.to_owned(),
        account: account.to_owned(),
        key: key.to_owned(),
        name: format!("bundles-{}", std::process::id()),
    };
    let made = container.ask("PUT", &[("restype", "container")]);
    assert_eq!(made.0, 201, "{}", made.1);
    let endpoint = format!("http://{host}/{account}");
    let environment = |key: &str| {
        Kept::new(&[
            ("AZURE_STORAGE_ACCOUNT_NAME", account),
            ("AZURE_STORAGE_ACCOUNT_KEY", key),
            ("AZURE_STORAGE_ENDPOINT", &endpoint),
            ("AZURE_ALLOW_HTTP", "true"),
        ])
    };
    let kept = environment(key);
    let name = &container.name;
    for (wrong, why) in [
        (format!("az://{name}/x?sig=hush"), "credentials"),
        ("az://nothing-of-that-name/x".to_owned(), "cannot be used"),
    ] {
        let refused = kept.set(&wrong);
        assert_eq!(refused.status, 2, "{wrong}: {}", refused.stdout);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
        assert!(!refused.stderr.contains("sig=hush"), "{}", refused.stderr);
    }
    let stranger = environment(&STANDARD.encode("another key"));
    let refused = stranger.set(&format!("az://{name}/kept"));
    assert_eq!(refused.status, 2, "{}", refused.stdout);
    assert!(
        refused.stderr.contains("lets nobody in"),
        "{}",
        refused.stderr
    );
    kept.hold(&format!("az://{name}/kept"), &|| container.list());
}
