//! The jobs over collections.

use locard_app::{CollectionScan, DatasetSum, Errand};
use uuid::Uuid;

use crate::fault::Fault;
use crate::fields::Fields;
use crate::reference::errands::Asked;
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[Field {
    name: "collectionId",
    kind: Kind::Text,
    required: true,
}];

/// `POST jobs/execute/collections/data-profiling`.
pub(crate) fn profiling(fields: &mut Fields) -> Result<Asked, Fault> {
    let errand = Errand::ScanCollection(CollectionScan {
        collection: collection(fields)?,
    });
    Ok(asked(errand, "COLLECTION_DATA_PROFILE", fields))
}

/// `POST jobs/execute/collections/data-aggregation`.
pub(crate) fn aggregation(fields: &mut Fields) -> Result<Asked, Fault> {
    let errand = Errand::SumCollection(DatasetSum {
        collection: collection(fields)?,
    });
    Ok(asked(errand, "COLLECTION_DATA_AGGREGATION", fields))
}

/// Jobs of collections have no options.
fn asked(errand: Errand, label: &'static str, fields: &Fields) -> Asked {
    Asked {
        errand,
        label,
        warnings: fields.unheeded(&[]),
    }
}

fn collection(fields: &mut Fields) -> Result<Uuid, Fault> {
    let wanted = || Fault::field("collectionId", "the id of a collection is wanted");
    let text = fields.text("collectionId")?.ok_or_else(wanted)?;
    text.parse().map_err(|_| wanted())
}
