//! The jobs of business rules.

use locard_app::{BusinessRun, Errand};

use crate::fault::Fault;
use crate::fields::Fields;
use crate::reference::errands::Asked;
use crate::routes::{Field, Kind};

const RULES: Field = Field {
    name: "ruleId",
    kind: Kind::Texts,
    required: true,
};

pub(crate) const BODY: &[Field] = &[RULES];

pub(crate) const BODY_COUNTER: &[Field] = &[
    RULES,
    Field {
        name: "scope",
        kind: Kind::Texts,
        required: true,
    },
];

/// `POST jobs/execute/business-rule`.
pub(crate) fn rules(fields: &mut Fields) -> Result<Asked, Fault> {
    Ok(Asked {
        errand: Errand::BusinessRules(BusinessRun {
            rules: fields.some("ruleId")?,
            scope: None,
        }),
        label: "BUSINESS_RULE",
        warnings: fields.unheeded(&[]),
    })
}

/// `POST jobs/execute/business-rule/with-row-counter`.
pub(crate) fn counter(fields: &mut Fields) -> Result<Asked, Fault> {
    Ok(Asked {
        errand: Errand::BusinessRules(BusinessRun {
            rules: fields.some("ruleId")?,
            scope: Some(fields.some("scope")?),
        }),
        label: "BUSINESS_RULE_ROW_COUNTER",
        warnings: fields.unheeded(&[]),
    })
}
