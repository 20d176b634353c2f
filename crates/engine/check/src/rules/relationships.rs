//! `relationships`: every row whose value does not occur in the other relation's field is a failure; nulls do not count.

use super::Target;
use crate::CheckError;

pub(super) fn sql(target: &Target<'_>) -> Result<String, CheckError> {
    let (column, relation) = (target.column()?, &target.relation);
    let parent = target.text("to", "name the other relation, such as ref('dim_customer')")?;
    let field = target.text("field", "name the other relation's column")?;
    Ok(format!(
        "with child as (\n  select {column} as from_field\n  from {relation}\n  where {column} is not null\n),\n\
         parent as (\n  select {field} as to_field\n  from {parent}\n)\n\
         select from_field\nfrom child\nleft join parent on child.from_field = parent.to_field\n\
         where parent.to_field is null"
    ))
}
