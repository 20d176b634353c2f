//! The phrases that charts need, in both languages of the product.
//!
//! Formats no numbers. Invariant: a phrase is filled in one pass, so a name that looks like a hole stays a name.

/// What the caller brings to every drawing.
pub struct Text<'a> {
    pub words: &'a Words,
    /// The text of a value on an axis when values are this step apart: `tick(900000.0, 100000.0)` is `0,9`.
    pub tick: &'a dyn Fn(f64, f64) -> String,
}

/// Holes are names in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    pub none: &'static str,
    /// An empty chart: title and way out.
    pub empty: &'static str,
    pub empty_hint: &'static str,
    /// Over the shaded column of an unfinished period, and in the key.
    pub partial: &'static str,
    pub partial_key: &'static str,
    pub others: &'static str,
    /// One series over time: {title} {first} {first_x} {last} {last_x} {high} {high_x} {low} {low_x}.
    pub rose: &'static str,
    pub fell: &'static str,
    pub held: &'static str,
    /// All values alike.
    pub level: &'static str,
    /// One point: {title} {last} {last_x}.
    pub single: &'static str,
    /// Appended when the latest is unfinished: {last} {last_x}.
    pub so_far: &'static str,
    /// Several series: {title} {count} {first_x} {last_x} {top} {top_value} {bottom} {bottom_value}.
    pub several: &'static str,
    /// A sparkline: {count} {first} {last}.
    pub spark: &'static str,
    /// A bar list: {title} {count} {top} {top_value} {bottom} {bottom_value}.
    pub ranking: &'static str,
    /// A funnel: {title} {first} {first_value} {last} {last_value} {worst}.
    pub funnel: &'static str,
    /// A heatmap: {title} {low} {low_at} {high} {high_at}.
    pub heat: &'static str,
    /// A waterfall: {title} {start} {end} {driver} {effect}.
    pub bridge: &'static str,
    pub mix: &'static str,
    pub rate: &'static str,
    /// A waterfall's row for what the given effects leave over.
    pub unexplained: &'static str,
    pub cause: &'static str,
    /// Heat scale: {a} {b}.
    pub below: &'static str,
    pub between: &'static str,
    pub at_least: &'static str,
    pub target: &'static str,
}

pub const PT_BR: Words = Words {
    none: "—",
    empty: "Sem dados no período",
    empty_hint: "Nenhum valor com esses filtros.",
    partial: "parcial",
    partial_key: "período parcial",
    others: "Outros",
    rose: "{title}: subiu de {first} em {first_x} para {last} em {last_x}; máximo de {high} em {high_x}, mínimo de {low} em {low_x}",
    fell: "{title}: caiu de {first} em {first_x} para {last} em {last_x}; máximo de {high} em {high_x}, mínimo de {low} em {low_x}",
    level: "{title}: estável em {last} de {first_x} a {last_x}",
    held: "{title}: {first} em {first_x} e de novo em {last_x}; máximo de {high} em {high_x}, mínimo de {low} em {low_x}",
    single: "{title}: {last} em {last_x}",
    so_far: "; até agora {last} em {last_x}, parcial",
    several: "{title}: {count} séries de {first_x} a {last_x}; no fim, {top} é a maior, com {top_value}, e {bottom} a menor, com {bottom_value}",
    spark: "{count} períodos, de {first} a {last}",
    ranking: "{title}: {count} itens, de {top}, com {top_value}, a {bottom}, com {bottom_value}",
    funnel: "{title}: de {first_value} em {first} a {last_value} em {last}; maior perda em {worst}",
    heat: "{title}: menor valor {low} em {low_at}; maior valor {high} em {high_at}",
    bridge: "{title}: de {start} para {end}; maior efeito de {driver}, {effect}",
    mix: "efeito mix",
    rate: "efeito taxa",
    unexplained: "Não explicado",
    cause: "Causa",
    below: "abaixo de {a}",
    between: "{a}–{b}",
    at_least: "{a} ou mais",
    target: "meta {a} ±{b}",
};

pub const EN: Words = Words {
    none: "—",
    empty: "No data in this period",
    empty_hint: "No value matches these filters.",
    partial: "partial",
    partial_key: "partial period",
    others: "Others",
    rose: "{title}: rose from {first} in {first_x} to {last} in {last_x}; highest {high} in {high_x}, lowest {low} in {low_x}",
    fell: "{title}: fell from {first} in {first_x} to {last} in {last_x}; highest {high} in {high_x}, lowest {low} in {low_x}",
    level: "{title}: level at {last} from {first_x} to {last_x}",
    held: "{title}: {first} in {first_x} and again in {last_x}; highest {high} in {high_x}, lowest {low} in {low_x}",
    single: "{title}: {last} in {last_x}",
    so_far: "; so far {last} in {last_x}, partial",
    several: "{title}: {count} series from {first_x} to {last_x}; at the end {top} is highest with {top_value} and {bottom} lowest with {bottom_value}",
    spark: "{count} periods, from {first} to {last}",
    ranking: "{title}: {count} items, from {top} with {top_value} to {bottom} with {bottom_value}",
    funnel: "{title}: from {first_value} at {first} to {last_value} at {last}; largest loss at {worst}",
    heat: "{title}: lowest value {low} at {low_at}; highest value {high} at {high_at}",
    bridge: "{title}: from {start} to {end}; largest effect {driver}, {effect}",
    mix: "mix effect",
    rate: "rate effect",
    unexplained: "Unexplained",
    cause: "Cause",
    below: "below {a}",
    between: "{a}–{b}",
    at_least: "{a} or more",
    target: "target {a} ±{b}",
};

/// The phrase with its holes filled; a hole without a value becomes empty.
pub(crate) fn fill(phrase: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((hole, after)) = after.split_once('}') else { break };
        out += before;
        out += values.iter().find(|(name, _)| *name == hole).map_or("", |(_, value)| value);
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_leaves_braces_of_values_alone() {
        assert_eq!(fill("{a} e {b}{c}.", &[("a", "{b}"), ("b", "x")]), "{b} e x.");
        assert_eq!(fill("sem buraco", &[]), "sem buraco");
    }
}
