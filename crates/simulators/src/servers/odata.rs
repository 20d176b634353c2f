//! Query options of OData as both systems take them: `$filter $orderby $select $expand $top $skip` and the counts.
//!
//! Does not know tables or answer requests. Invariant: what cannot be understood is refused, never ignored, `$format` aside.

pub mod expand;
pub mod filter;
pub mod instants;

pub use expand::Expand;
pub use filter::{Dates, Filter};

/// Why a query cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ODataError {
    #[error("syntax error at `{at}` in `{option}`; see the OData grammar")]
    Syntax { option: &'static str, at: String },
    #[error("query option `{option}` is not supported; leave it out")]
    Option { option: String },
    #[error("`{value}` is no valid value of `{option}`; give a whole number that is not negative")]
    Number { option: &'static str, value: String },
    #[error("property `{name}` does not exist; read the metadata")]
    Property { name: String },
    #[error("lambda expressions are refused; filter on plain properties")]
    Lambda,
}

/// One key of `$orderby`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub field: String,
    pub descending: bool,
}

/// The options of one request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    pub filter: Option<Filter>,
    /// As written, to remember what was found for it.
    pub filter_text: String,
    pub order: Vec<Order>,
    pub order_text: String,
    /// All properties when `None`.
    pub select: Option<Vec<String>>,
    pub expand: Vec<Expand>,
    pub top: Option<usize>,
    pub skip: usize,
    pub count: bool,
}

impl Query {
    /// Parses the part of a URL after `?`, still encoded.
    pub fn parse(raw: &str, dates: Dates) -> Result<Query, ODataError> {
        let mut query = Query::default();
        for (name, value) in pairs(raw) {
            match name.as_str() {
                "$filter" => {
                    query.filter = Some(Filter::parse(&value, dates)?);
                    query.filter_text = value;
                }
                "$orderby" => {
                    query.order = orders(&value)?;
                    query.order_text = value;
                }
                "$select" => {
                    let names = value.split(',').map(|name| name.trim().to_owned());
                    query.select = Some(names.filter(|name| name != "*").collect())
                        .filter(|names: &Vec<String>| !names.is_empty());
                }
                "$expand" => query.expand = expand::parse(&value)?,
                "$top" => query.top = Some(number("$top", &value)?),
                "$skip" => query.skip = number("$skip", &value)?,
                "$count" => query.count = value == "true",
                "$inlinecount" => query.count = value == "allpages",
                "$format" => {}
                other if other.starts_with('$') => {
                    return Err(ODataError::Option { option: other.to_owned() });
                }
                // Flags of the systems' own, such as `webhooks=false`.
                _ => {}
            }
        }
        Ok(query)
    }
}

/// Names and values of an encoded query, decoded.
pub fn pairs(raw: &str) -> impl Iterator<Item = (String, String)> {
    raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name, true), decode(value, true))
    })
}

/// Undoes percent-encoding; in a query a plus sign is a blank, so that an offset `+02:00` must come as `%2B02:00`.
pub fn decode(text: &str, plus_is_blank: bool) -> String {
    let source = text.as_bytes();
    let mut bytes = Vec::with_capacity(source.len());
    let mut at = 0;
    while at < source.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| source[at] == b'%');
        if let Some(byte) = hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            at += 3;
        } else {
            bytes.push(if source[at] == b'+' && plus_is_blank { b' ' } else { source[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn number(option: &'static str, value: &str) -> Result<usize, ODataError> {
    value.trim().parse().map_err(|_| ODataError::Number { option, value: value.to_owned() })
}

fn orders(text: &str) -> Result<Vec<Order>, ODataError> {
    text.split(',')
        .map(|key| {
            let mut words = key.split_whitespace();
            let refused = || ODataError::Syntax { option: "$orderby", at: key.trim().to_owned() };
            let field = words.next().ok_or_else(refused)?.to_owned();
            let descending = match words.next() {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(_) => return Err(refused()),
            };
            if words.next().is_some() { Err(refused()) } else { Ok(Order { field, descending }) }
        })
        .collect()
}
