//! The engine by itself, without a project. Invariant: an expression that stands alone keeps its type.

use super::*;

#[test]
fn one_expression_is_told_from_a_template() {
    assert_eq!(one_expression("{{ var('x') }}"), Some("var('x')"));
    assert_eq!(one_expression("{{ a }}{{ b }}"), None);
    assert_eq!(one_expression("x {{ a }}"), None);
}

#[test]
fn builtin_macros_are_found_from_any_package() {
    let engine = EngineBuilder::new(&[]).unwrap().build().unwrap();
    let found = engine.macros().find("shop", "dateadd").unwrap();
    assert_eq!((found.package.as_str(), found.name.as_str()), ("dbt", "dateadd"));
    assert_eq!(engine.macros().find("shop", "nothing"), None);
}
