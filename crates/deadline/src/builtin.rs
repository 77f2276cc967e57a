//! The packs and calendars that this program carries. A file is one line here; a test compares both.

macro_rules! files {
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../", $folder, "/", $name, ".toml")))),*]
    };
}

/// Names and texts of packs.
#[rustfmt::skip]
pub(crate) static PACKS: &[(&str, &str)] = files!("packs":
    "ar" "au" "br" "ca-ab" "ca-bc" "ca-qc" "ca" "ch" "cn" "co" "eu" "gb"
    "hk" "id" "il" "in" "jp" "ke" "kr" "mx" "ng" "nz" "sa" "sg"
    "th" "tr" "us-ca" "us-co" "us-ct" "us-de" "us-fl" "us-hipaa" "us-ia" "us-in" "us-ky" "us-md"
    "us-mn" "us-mt" "us-ne" "us-nh" "us-nj" "us-nv" "us-or" "us-ri" "us-tn" "us-tx" "us-ut" "us-va"
    "uy" "za"
);

/// Names and texts of calendars.
#[rustfmt::skip]
pub(crate) static CALENDARS: &[(&str, &str)] = files!("calendars":
    "ar" "at" "be" "bg" "ca" "co" "cy" "cz" "de" "dk" "ee" "es" "fi" "fr" "gb"
    "gr" "hr" "hu" "ie" "is" "it" "li" "lt" "lu" "lv" "mt" "mx" "nl" "no" "nz"
    "pl" "pt" "ro" "se" "si" "sk" "us" "uy"
);
