//! Where bundles may be kept, as people name it.

use locard_app::{Error, Result};

/// Schemes of object stores.
const SCHEMES: [&str; 8] = ["s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss"];

/// Of these, what stands before the `@` is a container and no user.
const CONTAINER_FIRST: [&str; 5] = ["az", "azure", "adl", "abfs", "abfss"];

/// Refuses what is no folder and no address of a container, and addresses that hold credentials: an address is stored and
/// shown.
pub(crate) fn check(address: &str) -> Result<()> {
    if address.trim().is_empty() {
        return Err(Error::usage(
            "store is a folder, or the address of a container",
        ));
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        return check_folder(address);
    };
    if !SCHEMES.contains(&scheme) {
        return Err(unknown());
    }
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = place.rsplit_once('@').map(|(user, _)| user);
    let is_secret = |user: &str| user.contains(':') || !CONTAINER_FIRST.contains(&scheme);
    if user.is_some_and(is_secret) || rest.contains(['?', '#']) {
        return Err(
            Error::usage("the address of the bundle store holds credentials or options, and it is stored and shown")
                .hint("leave them out: credentials come from the environment of the server, as AWS_ACCESS_KEY_ID or AZURE_STORAGE_ACCOUNT_KEY"),
        );
    }
    if place.is_empty() {
        return Err(
            Error::usage("the address of the bundle store names no container")
                .hint("as in s3://bucket/folder"),
        );
    }
    Ok(())
}

/// `s3:bucket` is a slip, and not a folder that somebody means. One letter is a drive.
fn check_folder(folder: &str) -> Result<()> {
    let scheme = folder.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme =
        |scheme: &str| scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match scheme {
        Some(scheme) if is_scheme(scheme) => Err(unknown()),
        _ => Ok(()),
    }
}

fn unknown() -> Error {
    let known = "s3://bucket/folder, az://container/folder, gs://bucket/folder";
    Error::usage("the bundle store's address is of no kind that is known").hint(format!(
        "a folder is named by its path, a container like {known}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_a_known_kind_and_holds_no_secret() {
        for good in [
            "/srv/bundles",
            "bundles",
            "C:\\bundles",
            "s3://bucket/folder",
            "gs://bucket",
            "az://container/folder",
            "abfss://container@account.dfs.core.windows.net/folder",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " ",
            "s3:bucket",
            "ftp://host/x",
            "file:///srv",
            "memory:///",
            "https://host/x",
            "s3://",
            "s3://user@bucket/x",
            "s3://user:hush@bucket/x",
            "s3://bucket/x?secret=hush",
            "abfss://container:hush@account/x",
            "az://container/x?sig=hush",
            "gs://bucket/x#hush",
        ] {
            let refused = check(bad).expect_err(bad);
            let said = format!("{} {:?}", refused.sentence(), refused.hint_text());
            assert!(!said.contains("hush"), "{said}");
        }
    }
}
