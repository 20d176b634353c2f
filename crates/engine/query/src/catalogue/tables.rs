//! Semantic models beside their tables: which table, and what type each column has.
//!
//! Runs no query, only plans them. Invariant: every expression of a model was planned over its table.

use crate::DefinitionError;
use crate::semantic::{Aggregation, DimensionKind, Model, Place};
use arrow::datatypes::DataType;
use lake::{LakeError, Session, TableName};
use plan::nearest;

/// A semantic model whose expressions are known to be SQL over its table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub model: Model,
    pub name: TableName,
    /// What each dimension's expression gives.
    pub kinds: Vec<Kind>,
    /// What each entity's expression gives.
    pub entity_kinds: Vec<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Day,
    Moment,
    Other,
}

impl Table {
    pub(crate) fn dimension(&self, name: &str) -> Option<usize> {
        self.model.dimensions.iter().position(|dimension| dimension.name == name)
    }

    pub(crate) fn entity(&self, name: &str) -> Option<usize> {
        self.model.entities.iter().position(|entity| entity.name == name)
    }

    /// The time dimension that a measure counts along.
    pub(crate) fn time_of(&self, measure: usize) -> Option<usize> {
        let measure = &self.model.measures[measure];
        let own = measure.non_additive.as_ref().map(|stock| &stock.name).or(measure.time.as_ref());
        self.dimension(own.or(self.model.time.as_ref())?)
    }
}

/// Finds a model's table among the session's relations and plans all of its expressions.
pub(crate) async fn inspect(session: &Session, model: Model) -> Result<Table, DefinitionError> {
    let name = find(session, &model)?;
    check_names(&model)?;
    let mut columns: Vec<(&Place, String, &str)> = Vec::new();
    for dimension in &model.dimensions {
        columns.push((&dimension.place, format!("dimension `{}`", dimension.name), &dimension.expression));
    }
    for entity in &model.entities {
        columns.push((&entity.place, format!("entity `{}`", entity.name), &entity.expression));
    }
    for measure in &model.measures {
        columns.push((&measure.place, format!("measure `{}`", measure.name), &measure.expression));
    }
    let types = plan(session, &name, &columns).await?;
    let kind = |index: usize| match &types[index] {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
        DataType::Date32 | DataType::Date64 => Kind::Day,
        DataType::Timestamp(..) => Kind::Moment,
        _ => Kind::Other,
    };
    let kinds: Vec<Kind> = (0..model.dimensions.len()).map(kind).collect();
    let entity_kinds =
        (model.dimensions.len()..model.dimensions.len() + model.entities.len()).map(kind).collect();
    for (dimension, kind) in model.dimensions.iter().zip(&kinds) {
        if dimension.kind == DimensionKind::Time && !matches!(kind, Kind::Day | Kind::Moment) {
            let message = format!(
                "dimension `{}`: `{}` is no date; cast it to DATE in the model",
                dimension.name, dimension.expression
            );
            return Err(dimension.place.error(message));
        }
    }
    for (index, measure) in model.measures.iter().enumerate() {
        let of_number = matches!(
            measure.aggregation,
            Aggregation::Sum | Aggregation::Average | Aggregation::Median | Aggregation::Percentile
        );
        let found = &types[model.dimensions.len() + model.entities.len() + index];
        if of_number && !found.is_numeric() {
            return Err(measure.place.error(format!(
                "measure `{}`: `{}` is no number but {found}",
                measure.name, measure.expression
            )));
        }
        if measure.aggregation == Aggregation::SumBoolean && *found != DataType::Boolean {
            return Err(measure.place.error(format!(
                "measure `{}`: `{}` is no condition but {found}",
                measure.name, measure.expression
            )));
        }
    }
    let table = Table { model, name, kinds, entity_kinds };
    check_times(&table)?;
    Ok(table)
}

fn find(session: &Session, model: &Model) -> Result<TableName, DefinitionError> {
    let mut found: Vec<&TableName> =
        session.relations().keys().filter(|table| table.name == model.reference).collect();
    // A mart shadows what it was made from; every other coincidence is a mistake.
    if let Some(mart) = found.iter().find(|table| table.schema == "marts") {
        found = vec![mart];
    }
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let hint = nearest(&model.reference, session.relations().keys().map(|table| table.name.as_str()));
            let hint = hint.map_or_else(
                || "; build the models first".to_owned(),
                |name| format!("; did you mean ref('{name}')?"),
            );
            Err(model.place.error(format!(
                "semantic model `{}`: there is no table `{}`{hint}",
                model.name, model.reference
            )))
        }
        [first, second, ..] => Err(model.place.error(format!(
            "semantic model `{}`: `{}` could be `{first}` or `{second}`; rename one of them",
            model.name, model.reference
        ))),
    }
}

fn check_names(model: &Model) -> Result<(), DefinitionError> {
    let dimensions = model.dimensions.iter().map(|dimension| (&dimension.name, &dimension.place));
    let entities = model.entities.iter().map(|entity| (&entity.name, &entity.place));
    let mut seen: Vec<&str> = Vec::new();
    for (name, place) in dimensions.chain(entities) {
        if name.is_empty()
            || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            || name.contains("__")
        {
            return Err(place.error(format!("`{name}` is no name; use letters, digits and single _")));
        }
        if name == kpi::frame::TIME {
            return Err(
                place.error(format!("`{name}` is the name of every metric's own time; choose another"))
            );
        }
        if seen.contains(&name.as_str()) {
            return Err(
                place.error(format!("semantic model `{}` has two of `{name}`; rename one", model.name))
            );
        }
        seen.push(name);
    }
    Ok(())
}

fn check_times(table: &Table) -> Result<(), DefinitionError> {
    for (index, measure) in table.model.measures.iter().enumerate() {
        let named = measure
            .non_additive
            .as_ref()
            .map(|stock| &stock.name)
            .or(measure.time.as_ref())
            .or(table.model.time.as_ref());
        let Some(time) = table.time_of(index) else {
            let message = match named {
                Some(named) => format!(
                    "measure `{}`: there is no time dimension `{named}` in semantic model `{}`",
                    measure.name, table.model.name
                ),
                None => format!(
                    "measure `{}` has no time; set defaults.agg_time_dimension of semantic model `{}`",
                    measure.name, table.model.name
                ),
            };
            return Err(measure.place.error(message));
        };
        if table.model.dimensions[time].kind != DimensionKind::Time {
            return Err(measure.place.error(format!(
                "measure `{}`: `{}` is no dimension of type time",
                measure.name, table.model.dimensions[time].name
            )));
        }
        for grouping in measure.non_additive.iter().flat_map(|stock| &stock.window_groupings) {
            if table.entity(grouping).is_none() && table.dimension(grouping).is_none() {
                return Err(measure.place.error(format!(
                    "measure `{}`: window_groupings names `{grouping}`, which is no entity here",
                    measure.name
                )));
            }
        }
    }
    Ok(())
}

/// The types of all expressions, in order; the first expression that is no SQL is the error.
async fn plan(
    session: &Session,
    table: &TableName,
    columns: &[(&Place, String, &str)],
) -> Result<Vec<DataType>, DefinitionError> {
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let select = |columns: &[(&Place, String, &str)]| {
        let list: Vec<String> =
            columns.iter().enumerate().map(|(index, column)| format!("({}) AS c{index}", column.2)).collect();
        format!("SELECT {} FROM {}", list.join(", "), table.quoted())
    };
    if let Ok(schema) = session.schema(&select(columns)).await {
        return Ok(schema.fields().iter().map(|field| field.data_type().clone()).collect());
    }
    let mut types = Vec::new();
    for column in columns {
        let one = session.schema(&select(std::slice::from_ref(column))).await;
        let schema = one.map_err(|source| DefinitionError::Sql {
            path: column.0.path.clone(),
            line: column.0.line,
            subject: format!("{} `{}`", column.1, column.2),
            table: table.to_string(),
            message: words(&source),
            source: Box::new(source),
        })?;
        types.push(schema.field(0).data_type().clone());
    }
    Ok(types)
}

/// The first line of what the engine says.
pub(crate) fn words(error: &LakeError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
