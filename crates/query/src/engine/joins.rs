//! Joins that can be ended. A product of two tables that is looked through row by row gives nothing for hours, and whoever
//! asks it to stop waits for as long; a join by equal values hands over batches, between which it hears.

use std::sync::Arc;

use datafusion::common::Result as Answer;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;

use crate::{Error, Result};

/// Refuses tables that are joined by no equality of two values, unless one of them is a single row.
pub(crate) fn have_keys(plan: &LogicalPlan) -> Result<()> {
    let is_one = |plan: &LogicalPlan| plan.max_rows().is_some_and(|rows| rows <= 1);
    let mut are_bounded = true;
    let walked = plan.apply_with_subqueries(|part| {
        if let LogicalPlan::Join(join) = part {
            are_bounded &= !join.on.is_empty() || is_one(&join.left) || is_one(&join.right);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    if walked.is_err() || !are_bounded {
        return Err(Error::refused(
            "two tables are joined by no equality of their values, as in ON a.id = b.person",
        ));
    }
    Ok(())
}

/// The plan with joins that let others run from time to time.
pub(crate) fn patient(plan: Arc<dyn ExecutionPlan>) -> Answer<Arc<dyn ExecutionPlan>> {
    let plan = plan.transform_up(|part| {
        if part.name().ends_with("JoinExec") {
            let part: Arc<dyn ExecutionPlan> = Arc::new(CooperativeExec::new(part));
            return Ok(Transformed::yes(part));
        }
        Ok(Transformed::no(part))
    });
    Ok(plan?.data)
}
