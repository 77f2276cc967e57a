//! What is listed below a folder, and what is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use futures::StreamExt;
use locard_connector::{Connector, Entity, Error, ErrorKind, Result, ScanRequest, Scope, Source};
use locard_connector_local::{Folder, Local, Settings};
use locard_files::{Blobs as _, Files};
use locard_model::{EntityKind, EntityPath};
use tempfile::{TempDir, tempdir};

fn folder(files: &[&str]) -> TempDir {
    let folder = tempdir().unwrap();
    for file in files {
        put(folder.path(), file, "id,name\n1,Ada\n");
    }
    folder
}

fn put(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn settings(path: &Path) -> Settings {
    Settings {
        path: path.to_string_lossy().into_owned(),
        ..Settings::default()
    }
}

fn open(settings: Settings) -> Files<Folder> {
    Files::new(Folder::new(settings).unwrap())
}

async fn list(settings: Settings) -> (Vec<String>, Vec<Error>) {
    let listed: Vec<Result<Entity>> = open(settings).entities(&Scope::default()).collect().await;
    let (mut names, mut errors) = (Vec::new(), Vec::new());
    for item in listed {
        match item {
            Ok(entity) => names.push(entity.path.resource(entity.kind)),
            Err(error) => errors.push(error),
        }
    }
    (names, errors)
}

async fn names(settings: Settings) -> Vec<String> {
    let (names, errors) = list(settings).await;
    assert!(errors.is_empty(), "{errors:?}");
    names
}

#[tokio::test]
async fn resources_are_paths_below_the_target() {
    let folder = folder(&[
        "a.csv",
        "crm/b.csv",
        "crm/deep/c d.csv",
        ".hidden/e.csv",
        ".f.csv",
    ]);
    let all = [
        ".f.csv",
        ".hidden/e.csv",
        "a.csv",
        "crm/b.csv",
        "crm/deep/c d.csv",
    ];
    assert_eq!(names(settings(folder.path())).await, all);
    assert_eq!(
        names(settings(&folder.path().join("crm"))).await,
        ["b.csv", "deep/c d.csv"]
    );
    assert_eq!(
        names(settings(&folder.path().join("crm/b.csv"))).await,
        ["b.csv"]
    );
}

#[tokio::test]
async fn globs_choose_and_are_relative_to_what_stands_before_them() {
    let folder = folder(&["a.csv", "a.tsv", "crm/b.csv", "crm/deep/c.csv"]);
    let glob = |glob: &str| settings(&folder.path().join(glob));
    assert_eq!(names(glob("*.csv")).await, ["a.csv"]);
    assert_eq!(
        names(glob("**/*.csv")).await,
        ["a.csv", "crm/b.csv", "crm/deep/c.csv"]
    );
    assert_eq!(names(glob("crm/*")).await, ["b.csv", "deep/c.csv"]);
    assert_eq!(names(glob("*.{tsv,csv}")).await, ["a.csv", "a.tsv"]);
}

/// A table of some of its files would take the place of the whole one.
#[tokio::test]
async fn a_glob_makes_no_table_of_some_files() {
    let folder = folder(&["sales/year=2023/a.csv", "sales/year=2024/b.csv"]);
    assert_eq!(names(settings(folder.path())).await, ["sales/year=*/*.csv"]);
    let chosen = settings(&folder.path().join("sales/**/a.csv"));
    assert_eq!(names(chosen).await, ["year=2023/a.csv"]);
}

#[tokio::test]
async fn include_and_exclude_choose_among_them() {
    let folder = folder(&["a.csv", "a.tsv", "crm/b.csv", "tmp/c.csv"]);
    let own = |globs: &[&str]| {
        globs
            .iter()
            .map(|glob| (*glob).to_owned())
            .collect::<Vec<_>>()
    };
    let chosen = |include: &[&str], exclude: &[&str]| Settings {
        include: own(include),
        exclude: own(exclude),
        ..settings(folder.path())
    };
    assert_eq!(
        names(chosen(&["*.csv"], &["tmp"])).await,
        ["a.csv", "crm/b.csv"]
    );
    assert_eq!(names(chosen(&["crm/"], &[])).await, ["crm/b.csv"]);
    assert_eq!(names(chosen(&[], &["*.csv"])).await, ["a.tsv"]);
}

#[tokio::test]
async fn locardignore_is_honoured_and_gitignore_is_not() {
    let folder = folder(&["a.csv", "b.csv", "sub/a.csv", "sub/c.csv", "old/d.csv"]);
    put(folder.path(), ".gitignore", "b.csv\n");
    put(folder.path(), ".locardignore", "/a.csv\nold/\n");
    put(folder.path(), "sub/.locardignore", "*\n!c.csv\n");
    assert_eq!(
        names(settings(folder.path())).await,
        [".gitignore", "b.csv", "sub/c.csv"]
    );
}

#[tokio::test]
async fn what_is_our_own_is_never_read() {
    let files = [
        "a.csv",
        "state/locard/b.csv",
        "keys/master.key",
        "keys/c.csv",
    ];
    let folder = folder(&files);
    let own = ["state/locard", "keys/master.key"];
    let own = own.map(|name| folder.path().join(name).to_string_lossy().into_owned());
    let settings = Settings {
        own: own.into(),
        ..settings(folder.path())
    };
    assert_eq!(names(settings).await, ["a.csv", "keys/c.csv"]);
}

#[cfg(unix)]
#[tokio::test]
async fn links_lead_nowhere_out_of_the_folders_that_may_be_read() {
    let folder = folder(&["in/a.csv", "out/b.csv"]);
    let [inside, outside] = ["in", "out"].map(|name| folder.path().join(name));
    std::os::unix::fs::symlink(&outside, inside.join("away")).unwrap();
    std::os::unix::fs::symlink(outside.join("b.csv"), inside.join("c.csv")).unwrap();
    assert_eq!(
        names(settings(&inside)).await.len(),
        3,
        "links are followed"
    );
    let within = vec![inside.to_string_lossy().into_owned()];
    let confined = |path: &Path| Settings {
        within: within.clone(),
        ..settings(path)
    };
    assert_eq!(names(confined(&inside)).await, ["a.csv"]);
    let (listed, errors) = list(confined(&inside.join("away"))).await;
    assert_eq!((listed.len(), errors.len()), (0, 1));
    assert_eq!(errors[0].kind(), ErrorKind::Denied);
    // One that is put there after it was listed.
    let source = open(confined(&inside));
    fs::remove_file(inside.join("a.csv")).unwrap();
    std::os::unix::fs::symlink(outside.join("b.csv"), inside.join("a.csv")).unwrap();
    let path = EntityPath::new(["a.csv"]);
    let refused = source.describe(&path, EntityKind::File).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied, "{refused}");
}

#[tokio::test]
async fn the_home_may_be_put_into_the_settings_by_whoever_opens_a_source() {
    let folder = folder(&["a.csv", "state/catalog.csv"]);
    let name = Local.own_state_setting().unwrap();
    let mut settings = serde_json::json!({ "path": folder.path() });
    settings[name] = serde_json::json!([folder.path().join("state")]);
    let source = Local.open(settings).await.unwrap();
    let listed: Vec<_> = source.entities(&Scope::default()).collect().await;
    let names: Vec<_> = listed
        .into_iter()
        .map(|entity| entity.unwrap().path.resource(EntityKind::File))
        .collect();
    assert_eq!(names, ["a.csv"]);
}

#[tokio::test]
async fn a_missing_target_is_told_once() {
    let folder = tempdir().unwrap();
    let (listed, errors) = list(settings(&folder.path().join("nothing"))).await;
    assert_eq!(
        (listed.len(), errors.len(), errors[0].kind()),
        (0, 1, ErrorKind::NotFound)
    );
    assert!(errors[0].hint_text().is_some());
    let source = open(settings(&folder.path().join("nothing")));
    assert_eq!(
        source.check().await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn a_database_is_left_to_its_connector() {
    let folder = folder(&["crm/a.csv"]);
    put(folder.path(), "crm/app.db", "SQLite format 3\0 and pages");
    let (listed, errors) = list(settings(folder.path())).await;
    assert_eq!(listed, ["crm/a.csv"]);
    let target = errors[0].target_text().unwrap();
    assert_eq!(errors[0].entity_name(), Some("crm/app.db"));
    assert!(
        target.starts_with("sqlite:") && target.ends_with("crm/app.db"),
        "{target}"
    );
}

#[tokio::test]
async fn nobody_reads_above_the_folder() {
    let folder = folder(&["a.csv", "sub/b.csv"]);
    let source = open(settings(&folder.path().join("sub")));
    for segments in [
        vec!["..", "a.csv"],
        vec!["../a.csv"],
        vec!["/etc/hostname"],
        vec!["."],
    ] {
        let error = source
            .describe(&EntityPath::new(segments), EntityKind::File)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_file_that_changed_has_another_version() {
    let folder = folder(&["a.csv"]);
    let source = open(settings(folder.path()));
    let version = async || {
        let request = ScanRequest::all(EntityPath::new(["a.csv"]), EntityKind::File);
        source.plan(&request).await.unwrap().splits[0]
            .version
            .clone()
            .unwrap()
    };
    let before = version().await;
    assert_eq!(before, version().await);
    put(folder.path(), "a.csv", "id,name\n1,Eve\n2,Bob\n");
    assert_ne!(before, version().await);
}

#[tokio::test]
async fn a_file_that_is_cut_or_written_anew_while_it_is_read_is_told() {
    let folder = tempdir().unwrap();
    // More than is read ahead of whoever takes it.
    let long = format!("id,name\n{}", "1,Ada Lovelace\n".repeat(1_000_000));
    let cut = |file: fs::File| file.set_len(100_000).unwrap();
    let anew = |mut file: fs::File| {
        let other = long.replace("Lovelace", "Marlowe1");
        std::io::Write::write_all(&mut file, other.as_bytes()).unwrap();
    };
    let changes: [&dyn Fn(fs::File); 3] = [&cut, &anew, &|_| {}];
    for (change, told) in changes.into_iter().zip([1, 1, 0]) {
        put(folder.path(), "a.csv", &long);
        let source = open(settings(folder.path()));
        let request = ScanRequest::all(EntityPath::new(["a.csv"]), EntityKind::File);
        let plan = source.plan(&request).await.unwrap();
        let mut batches = source.read(&plan.splits[0]).await.unwrap();
        assert!(batches.next().await.unwrap().is_ok());
        let file = fs::File::options()
            .write(true)
            .open(folder.path().join("a.csv"));
        change(file.unwrap());
        let rest: Vec<_> = batches.collect().await;
        let faults = rest.iter().flatten().flat_map(|batch| &batch.faults);
        let changed = faults.filter(|fault| fault.sentence.starts_with("the file changed"));
        assert_eq!(changed.count(), told);
    }
}

#[tokio::test]
async fn maps_become_the_columns_that_the_page_tells() {
    let folder = folder(&[]);
    let scalars = r#"{"a": {"ada@example.org": 1, "bob@example.org": 2}}"#;
    put(folder.path(), "map.ndjson", scalars);
    let source = open(settings(folder.path()));
    let request = ScanRequest::all(EntityPath::new(["map.ndjson"]), EntityKind::File);
    let plan = source.plan(&request).await.unwrap();
    let mut batches = source.read(&plan.splits[0]).await.unwrap();
    let batch = batches.next().await.unwrap().unwrap();
    let schema = batch.records.schema();
    let mut columns: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    columns.sort_unstable();
    assert_eq!(columns, ["a.*", "a.*#key"]);
    for column in columns {
        assert!(
            include_str!("../README.md").contains(&format!("`{column}`")),
            "{column}"
        );
    }
}

#[tokio::test]
async fn the_connector_opens_what_its_target_says() {
    let folder = folder(&["a.csv"]);
    let target = Local
        .target(folder.path().to_str().unwrap())
        .unwrap()
        .unwrap();
    assert!(target.canonical.starts_with("file:///"));
    let source = Local.open(target.settings).await.unwrap();
    assert_eq!(source.entities(&Scope::default()).count().await, 1);
    let error = Local
        .open(serde_json::json!({ "pth": "x" }))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Settings);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[tokio::test]
    async fn links_lead_out_of_the_folder_but_never_round() {
        let outside = folder(&["x.csv", "far/y.csv"]);
        let folder = folder(&["a.csv", "sub/b.csv"]);
        let at = |name: &str| folder.path().join(name);
        symlink(outside.path().join("x.csv"), at("x.csv")).unwrap();
        symlink(outside.path().join("far"), at("far")).unwrap();
        symlink(at("a.csv"), at("again.csv")).unwrap();
        symlink(folder.path(), at("sub/round")).unwrap();
        symlink(at("gone.csv"), at("broken.csv")).unwrap();
        symlink(at("self.csv"), at("self.csv")).unwrap();
        let (listed, errors) = list(settings(folder.path())).await;
        assert_eq!(listed, ["a.csv", "far/y.csv", "sub/b.csv", "x.csv"]);
        let harmless = errors.iter().filter(|error| error.misses_nothing());
        let harmless: Vec<_> = harmless.filter_map(Error::entity_name).collect();
        assert_eq!(harmless, ["broken.csv", "self.csv", "sub/round"]);
        let mut told: Vec<_> = errors
            .iter()
            .map(|error| (error.entity_name().unwrap_or_default(), error.kind()))
            .collect();
        told.sort_unstable_by_key(|(name, _)| *name);
        assert_eq!(
            told,
            [
                ("broken.csv", ErrorKind::NotFound),
                ("self.csv", ErrorKind::Unsupported),
                ("sub/round", ErrorKind::Unsupported)
            ]
        );
    }

    #[tokio::test]
    async fn what_is_excluded_is_neither_entered_nor_told() {
        let folder = folder(&["a.csv", "sub/b.csv"]);
        let at = |name: &str| folder.path().join(name);
        symlink(folder.path(), at("sub/round")).unwrap();
        symlink(at("gone.csv"), at("broken.csv")).unwrap();
        let exclude = vec!["sub".to_owned(), "broken.*".to_owned()];
        let own = Settings {
            exclude: exclude.clone(),
            ..settings(folder.path())
        };
        assert_eq!(names(own).await, ["a.csv"]);
        let include = vec!["a.*".to_owned()];
        let own = Settings {
            include: include.clone(),
            ..settings(folder.path())
        };
        assert_eq!(names(own).await, ["a.csv"]);
        let scopes = [
            Scope {
                exclude,
                ..Scope::default()
            },
            Scope {
                include,
                ..Scope::default()
            },
        ];
        for scope in scopes {
            let source = open(settings(folder.path()));
            let listed: Vec<Result<Entity>> = source.entities(&scope).collect().await;
            let names: Vec<_> = listed
                .iter()
                .map(|item| item.as_ref().map(|entity| entity.path.name().to_owned()))
                .collect();
            assert!(
                matches!(names.as_slice(), [Ok(name)] if name == "a.csv"),
                "{names:?}"
            );
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_name_that_is_no_text_is_told() {
        use std::os::unix::ffi::OsStrExt;
        let folder = folder(&["a.csv"]);
        let name = std::ffi::OsStr::from_bytes(b"Jos\xe9.csv");
        fs::write(folder.path().join(name), "id\n1\n").unwrap();
        let (listed, errors) = list(settings(folder.path())).await;
        assert_eq!(listed, ["a.csv"]);
        assert_eq!(errors[0].sentence(), "the name is not UTF-8");
    }

    #[tokio::test]
    async fn pipes_and_devices_are_told_and_never_opened() {
        let folder = folder(&["a.csv"]);
        let pipe = folder.path().join("pipe.csv");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("skipped: mkfifo is not there");
            return;
        }
        symlink("/dev/null", folder.path().join("null.csv")).unwrap();
        let (listed, errors) = list(settings(folder.path())).await;
        assert_eq!(listed, ["a.csv"]);
        let sentences: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            sentences,
            [
                "null.csv: a device is not a file that can be read to its end",
                "pipe.csv: a pipe can be read only once and from its beginning, and a scan reads a file from several places"
            ]
        );
        let error = open(settings(folder.path()))
            .describe(&EntityPath::new(["pipe.csv"]), EntityKind::File)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn a_target_that_is_a_pipe_is_refused_without_waiting_for_a_writer() {
        let folder = folder(&[]);
        let pipe = folder.path().join("pipe.csv");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("skipped: mkfifo is not there");
            return;
        }
        let (told, hears) = std::sync::mpsc::channel();
        let target = Folder::new(settings(&pipe)).unwrap();
        std::thread::spawn(move || told.send(target.check()));
        let patience = std::time::Duration::from_secs(20);
        let checked = hears.recv_timeout(patience).expect("nobody waits");
        assert_eq!(
            checked.unwrap_err().to_string(),
            "a pipe can be read only once and from its beginning, and a scan reads a file from several places"
        );
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn links_into_what_the_system_shows_of_itself_are_not_followed() {
        let folder = folder(&["a.csv"]);
        for (name, to) in [
            ("p", "/proc"),
            ("s", "/sys"),
            ("d", "/dev"),
            ("q", "/proc/self/task"),
        ] {
            symlink(to, folder.path().join(name)).unwrap();
        }
        assert_eq!(names(settings(folder.path())).await, ["a.csv"]);
    }

    #[tokio::test]
    async fn what_may_not_be_read_is_told_and_the_rest_is_listed() {
        let folder = folder(&["a.csv", "shut.csv", "closed/b.csv"]);
        let shut = |name: &str, mode| {
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode))
                .unwrap();
        };
        shut("shut.csv", 0o000);
        shut("closed", 0o000);
        let rooted = fs::read(folder.path().join("shut.csv")).is_ok();
        let (listed, errors) = list(settings(folder.path())).await;
        shut("closed", 0o700);
        if rooted {
            eprintln!("skipped: this user may read everything");
            return;
        }
        assert_eq!(listed, ["a.csv"]);
        let mut told: Vec<_> = errors
            .iter()
            .map(|error| (error.entity_name(), error.kind()))
            .collect();
        told.sort_unstable_by_key(|(name, _)| *name);
        assert_eq!(
            told,
            [
                (Some("closed"), ErrorKind::Denied),
                (Some("shut.csv"), ErrorKind::Denied)
            ]
        );
        assert!(errors.iter().all(|error| error.hint_text().is_some()));
    }
}
