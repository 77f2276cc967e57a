//! Lists of objects as Amazon's stores give them, and Google's, which took that over.

use locard_connector::{Error, ErrorKind, Result};

use crate::names;
use crate::store::{Listed, Page};
use crate::xml::Element;

/// The address of a list. Names come encoded: XML cannot hold every one.
pub(crate) fn listing(base: &str, prefix: &str, from: Option<&str>, most: usize) -> String {
    let query = names::query(&[
        ("list-type", "2"),
        ("encoding-type", "url"),
        ("max-keys", &most.to_string()),
        ("prefix", prefix),
        ("continuation-token", from.unwrap_or_default()),
    ]);
    format!("{base}?{query}")
}

/// A page of such a list.
pub(crate) fn page(answer: &[u8]) -> Result<Page> {
    let document = Element::parse(answer)?;
    if document.name() != "ListBucketResult" {
        return Err(
            Error::new(ErrorKind::Unexpected, "the store does not list as S3 does")
                .hint("see `endpoint`"),
        );
    }
    let encoded = document.text("EncodingType") == Some("url");
    let objects = document.all("Contents").map(|object| {
        let name = object.text("Key").unwrap_or_default();
        let name = if encoded {
            names::form_decoded(name)?
        } else {
            name.to_owned()
        };
        let size = object.text("Size").and_then(|size| size.parse().ok());
        let size = size.ok_or_else(|| {
            Error::new(
                ErrorKind::Unexpected,
                "the store does not tell the size of an object",
            )
            .entity(&name)
        })?;
        Ok(Listed {
            name,
            size,
            version: object.text("ETag").map(str::to_owned),
            is_folder: false,
        })
    });
    let more = document.text("IsTruncated") == Some("true");
    Ok(Page {
        next: document
            .text("NextContinuationToken")
            .filter(|_| more)
            .map(str::to_owned),
        objects: objects.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_with_and_without_encoded_names() {
        let page = |text: &str| page(text.as_bytes()).unwrap();
        let encoded = page(
            "<ListBucketResult><Contents><Key>a+b%2Bc%01</Key><Size>3</Size><ETag>\"x\"</ETag></Contents><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>",
        );
        let first = encoded.objects[0].as_ref().unwrap();
        assert_eq!(
            (first.name.as_str(), first.size, encoded.next),
            ("a b+c\u{1}", 3, None)
        );
        let plain = page(
            "<ListBucketResult><Contents><Key>a+b%2B</Key><Size>x</Size></Contents><Contents><Key>a+b</Key><Size>1</Size></Contents><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>",
        );
        assert_eq!(
            plain.objects[0].as_ref().unwrap_err().entity_name(),
            Some("a+b%2B")
        );
        assert_eq!(plain.objects[1].as_ref().unwrap().name, "a+b");
        assert_eq!(plain.next.as_deref(), Some("t"));
    }
}
