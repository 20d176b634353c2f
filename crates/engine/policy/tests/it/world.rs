//! A company of its own for each seed: rows, rules and principals, and what each principal may see by plain reading of the rules.

use std::collections::{BTreeMap, BTreeSet};

use contract::Principal;
use lake::Mask;
use policy::{Classification, ColumnRule, Expression, Role, RowRule, Rules, TableRules, Values};

/// Numbers that look random and come again with their seed (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

pub const BRANCHES: [&str; 5] = ["Curitiba", "Londrina", "Maringá", "Joinville", "O'Higgins"];
pub const SELLERS: [&str; 4] = ["ana", "bia", "caio", "davi"];
const ATTRIBUTES: [&str; 2] = ["filiais", "equipe"];

/// A sale. What may not be seen is told apart by `value` and `cpf`, which no other row has.
#[derive(Debug, Clone)]
pub struct Sale {
    pub id: i64,
    pub branch: Option<&'static str>,
    pub seller: Option<&'static str>,
    pub value: i64,
    pub cpf: String,
    pub email: String,
}

pub struct World {
    pub sales: Vec<Sale>,
    pub rules: Rules,
    pub principals: Vec<Principal>,
}

impl World {
    pub fn new(seed: u64) -> World {
        let mut random = Random(seed);
        let sales = (0..40 + random.below(40) as i64).map(|id| sale(id, seed, &mut random)).collect();
        let rows = match random.below(8) {
            0 => RowRule::All,
            1 => RowRule::Closed { unless: BTreeSet::from([Role::Manager]) },
            _ => RowRule::Where {
                expression: expression(&mut random, 3),
                unless: if random.below(3) == 0 {
                    BTreeSet::from([*random.one(&Role::ALL)])
                } else {
                    BTreeSet::new()
                },
            },
        };
        let levels = [
            Classification::Public,
            Classification::Internal,
            Classification::Confidential,
            Classification::Restricted,
        ];
        let mut columns = BTreeMap::new();
        for (column, mask) in [("cpf", Mask::TaxId), ("email", Mask::Email), ("value", Mask::Hidden)] {
            if random.below(2) == 0 {
                columns.insert(column.to_owned(), ColumnRule { classification: *random.one(&levels), mask });
            }
        }
        let table = "marts.fct_sales".parse().expect("a table's name");
        let rules = Rules { tables: BTreeMap::from([(table, TableRules { rows, columns })]) };
        let principals = (0..5).map(|number| principal(number, &mut random)).collect();
        World { sales, rules, principals }
    }

    fn table(&self) -> &TableRules {
        self.rules.tables.values().next().expect("one table")
    }

    /// The rows that the principal may see.
    pub fn seen_by(&self, principal: &Principal) -> Vec<&Sale> {
        let roles = Role::of(principal);
        let free = |unless: &BTreeSet<Role>| {
            roles.iter().any(|role| {
                matches!(role, Role::Administrator | Role::ProtectionOfficer) || unless.contains(role)
            })
        };
        let seen = |sale: &&Sale| match &self.table().rows {
            RowRule::Unsaid | RowRule::All => true,
            RowRule::Closed { unless } => free(unless),
            RowRule::Where { expression, unless } => {
                free(unless) || holds(expression, sale, principal) == Some(true)
            }
        };
        self.sales.iter().filter(seen).collect()
    }

    /// Whether the principal may see the column as it is.
    pub fn is_plain(&self, column: &str, principal: &Principal) -> bool {
        let Some(rule) = self.table().columns.get(column) else { return true };
        let rank = |role: &Role| match role {
            Role::Administrator | Role::ProtectionOfficer => 3,
            Role::Manager | Role::Steward => 2,
            Role::Analyst | Role::Reader => 1,
        };
        let wanted = match rule.classification {
            Classification::Public => 0,
            Classification::Internal => 1,
            Classification::Confidential => 2,
            Classification::Restricted => 3,
        };
        Role::of(principal).iter().map(rank).max().unwrap_or(0) >= wanted
    }
}

fn sale(id: i64, seed: u64, random: &mut Random) -> Sale {
    let some = |value: &'static str, random: &mut Random| (random.below(8) > 0).then_some(value);
    let (branch, seller) = (*random.one(&BRANCHES), *random.one(&SELLERS));
    let (branch, seller) = (some(branch, random), some(seller, random));
    // Neither a sum of a few of them nor another number of the test looks like one.
    let value = 700_000_000_000 + (seed as i64 % 1_000) * 1_000_000 + id * 7_919;
    let cpf = format!("9{:010}", value % 10_000_000_000);
    let email = format!("p{value}@exemplo.com");
    Sale { id, branch, seller, value, cpf, email }
}

fn expression(random: &mut Random, depth: usize) -> Expression {
    if depth > 0 && random.below(2) == 0 {
        let parts = (0..=random.below(2)).map(|_| expression(random, depth - 1)).collect();
        return match random.below(3) {
            0 => Expression::All(parts),
            1 => Expression::Any(parts),
            _ => Expression::Not(Box::new(expression(random, depth - 1))),
        };
    }
    let (column, members): (&str, &[&str]) =
        if random.below(2) == 0 { ("branch", &BRANCHES) } else { ("seller", &SELLERS) };
    match random.below(6) {
        0 => Expression::IsNull(column.to_owned()),
        1 => Expression::In("seller".to_owned(), Values::Id),
        2 => {
            let values = (0..random.below(3)).map(|_| (*random.one(members)).to_owned()).collect();
            Expression::In(column.to_owned(), Values::Of(values))
        }
        _ => Expression::In(column.to_owned(), Values::Attribute((*random.one(&ATTRIBUTES)).to_owned())),
    }
}

fn principal(number: usize, random: &mut Random) -> Principal {
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).chain(["chefe"]).collect();
    let roles = (0..random.below(3)).map(|_| (*random.one(&names)).to_owned()).collect();
    let mut attributes = BTreeMap::new();
    for attribute in ATTRIBUTES {
        if random.below(4) > 0 {
            let values: Vec<String> = (0..random.below(4))
                .map(|_| if random.below(4) == 0 { random.one(&SELLERS) } else { random.one(&BRANCHES) })
                .map(|value| (*value).to_owned())
                .collect();
            attributes.insert(attribute.to_owned(), values);
        }
    }
    let id = if number < SELLERS.len() { SELLERS[number] } else { "%' or 1=1 --" };
    Principal { id: id.to_owned(), name: id.to_owned(), roles, attributes }
}

/// What SQL would say of the row: true, false, or neither. Whoever lacks an attribute is shown nothing by its negation.
fn holds(expression: &Expression, sale: &Sale, principal: &Principal) -> Option<bool> {
    match expression {
        Expression::IsNull(column) => Some(value_of(sale, column).is_none()),
        Expression::In(column, values) => {
            let among: Vec<&str> = match values {
                Values::Of(values) => values.iter().map(String::as_str).collect(),
                Values::Id => vec![principal.id.as_str()],
                Values::Attribute(name) => {
                    principal.attributes.get(name).into_iter().flatten().map(String::as_str).collect()
                }
            };
            // Among nothing is no row, whatever it has.
            if among.is_empty() {
                Some(false)
            } else {
                value_of(sale, column).map(|value| among.contains(&value))
            }
        }
        Expression::All(parts) => {
            let each: Vec<Option<bool>> = parts.iter().map(|part| holds(part, sale, principal)).collect();
            if each.contains(&Some(false)) {
                Some(false)
            } else if each.contains(&None) {
                None
            } else {
                Some(true)
            }
        }
        Expression::Any(parts) => {
            let each: Vec<Option<bool>> = parts.iter().map(|part| holds(part, sale, principal)).collect();
            if each.contains(&Some(true)) {
                Some(true)
            } else if each.contains(&None) {
                None
            } else {
                Some(false)
            }
        }
        Expression::Not(inner) => {
            if speaks_of_what_is_lacking(inner, principal) {
                Some(false)
            } else {
                holds(inner, sale, principal).map(|held| !held)
            }
        }
    }
}

fn speaks_of_what_is_lacking(expression: &Expression, principal: &Principal) -> bool {
    match expression {
        Expression::In(_, Values::Attribute(name)) => {
            principal.attributes.get(name).is_none_or(Vec::is_empty)
        }
        Expression::In(..) | Expression::IsNull(_) => false,
        Expression::All(parts) | Expression::Any(parts) => {
            parts.iter().any(|part| speaks_of_what_is_lacking(part, principal))
        }
        Expression::Not(inner) => speaks_of_what_is_lacking(inner, principal),
    }
}

fn value_of<'a>(sale: &'a Sale, column: &str) -> Option<&'a str> {
    match column {
        "branch" => sale.branch,
        "seller" => sale.seller,
        _ => panic!("no rule speaks of {column}"),
    }
}
