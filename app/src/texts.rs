//! The words of the product: one table per language, chosen once per page.
//!
//! Formats no numbers (`locale`) and holds no texts of data (labels come from packs). Invariant: Portuguese is the source and
//! English has every text of it, because both are values of one struct.

mod en;
mod pt;

use locale::Lang;

/// The texts of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts {
    pub lang: Lang,

    // The frame around pages.
    pub skip_to_content: &'static str,
    pub main_navigation: &'static str,
    pub boards: &'static str,
    pub metrics: &'static str,
    pub data: &'static str,
    pub people: &'static str,
    pub my_account: &'static str,
    pub start_here: &'static str,
    pub overview_short: &'static str,
    pub metrics_short: &'static str,
    pub copy_link: &'static str,
    pub link_copied: &'static str,
    pub switch_theme: &'static str,
    pub other_language: &'static str,
    pub sign_out: &'static str,
    pub other_language_name: &'static str,
    pub theme_light: &'static str,
    pub theme_dark: &'static str,
    pub edition: &'static str,
    pub edition_name: &'static str,
    pub data_until: &'static str,

    // Filter bar.
    pub period_and_filters: &'static str,
    pub period: &'static str,
    pub previous_period: &'static str,
    pub next_period: &'static str,
    pub versus: &'static str,
    pub same_business_days: &'static str,
    pub compare_previous: &'static str,
    pub compare_last_year: &'static str,
    pub compare_none: &'static str,
    pub match_weekday: &'static str,
    pub this_week: &'static str,
    pub this_month: &'static str,
    pub last_month: &'static str,
    pub this_quarter: &'static str,
    pub this_year: &'static str,
    pub last_30_days: &'static str,
    pub last_13_weeks: &'static str,
    pub last_12_months: &'static str,
    pub from_day: &'static str,
    pub to_day: &'static str,
    pub show: &'static str,
    pub filters: &'static str,
    pub remove_filter: &'static str,
    pub clear_filters: &'static str,
    pub see_board: &'static str,
    pub close: &'static str,
    pub search: &'static str,
    pub except: &'static str,
    pub no_value: &'static str,
    pub nothing_listed: &'static str,

    // Cards and verdicts.
    pub main_metrics: &'static str,
    pub fresh_and_checked: &'static str,
    pub late_data: &'static str,
    pub held_back_load: &'static str,
    pub check_none: &'static str,
    pub check_one: &'static str,
    pub check_many: &'static str,
    pub target: &'static str,
    pub ceiling: &'static str,
    pub no_target: &'static str,
    pub on_track: &'static str,
    pub above: &'static str,
    pub within: &'static str,
    pub attention: &'static str,
    pub off_track: &'static str,
    pub unknown_status: &'static str,
    pub zero_denominator: &'static str,
    pub no_value_in_period: &'static str,
    pub on_target_of: &'static str,
    pub business_days: &'static str,
    pub holidays_on: &'static str,
    pub of_the_month: &'static str,
    pub attention_on: &'static str,
    pub off_on: &'static str,
    pub last_year: &'static str,
    pub partial: &'static str,

    // Changes of a value.
    pub rise_good: &'static str,
    pub rise_bad: &'static str,
    pub fall_good: &'static str,
    pub fall_bad: &'static str,
    pub rise: &'static str,
    pub fall: &'static str,
    pub no_change: &'static str,
    pub rose: &'static str,
    pub fell: &'static str,
    pub stayed: &'static str,

    // Tiles.
    pub as_table: &'static str,
    pub origin: &'static str,
    pub detractor: &'static str,
    pub lever: &'static str,
    pub mover: &'static str,
    pub of_the_rise: &'static str,
    pub of_the_fall: &'static str,
    pub more_than_rise: &'static str,
    pub more_than_fall: &'static str,
    pub nothing_changed: &'static str,
    pub needs_comparison: &'static str,
    pub stage: &'static str,
    pub passage: &'static str,
    pub total: &'static str,
    pub share: &'static str,
    pub value: &'static str,
    pub others: &'static str,
    pub member: &'static str,
    pub without_filter_on: &'static str,

    // States.
    pub nothing_with_filters: &'static str,
    pub nothing_in_period: &'static str,
    pub could_not_load: &'static str,
    pub other_tiles_fine: &'static str,
    pub try_again: &'static str,
    pub loading: &'static str,
    pub offline: &'static str,
    pub forbidden: &'static str,
    pub not_found: &'static str,
    pub not_found_more: &'static str,
    pub to_overview: &'static str,
    pub nothing_published: &'static str,
    pub nothing_published_more: &'static str,
    pub held_back: &'static str,
    pub see_checks: &'static str,

    // The page of a metric.
    pub drill_level: &'static str,
    pub whole: &'static str,
    pub status: &'static str,
    pub missing_to_target: &'static str,
    pub evolution: &'static str,
    pub grain: &'static str,
    pub day: &'static str,
    pub week: &'static str,
    pub month: &'static str,
    pub quarter: &'static str,
    pub what_explains: &'static str,
    pub cause: &'static str,
    pub mix_effect: &'static str,
    pub mix_of_all: &'static str,
    pub rate_effect: &'static str,
    pub exact_sum: &'static str,
    pub no_exact_parts: &'static str,
    pub by_dimension: &'static str,
    pub dimension: &'static str,
    pub tick_is_comparison: &'static str,
    pub first_rows: &'static str,

    // Provenance.
    pub where_from: &'static str,
    pub definition: &'static str,
    pub formula: &'static str,
    pub filters_in_force: &'static str,
    pub lineage: &'static str,
    pub updated: &'static str,
    pub checks: &'static str,
    pub checks_passed_of: &'static str,
    pub owner: &'static str,
    pub steward: &'static str,
    pub last_change: &'static str,
    pub used_on: &'static str,
    pub definition_hash: &'static str,
    pub expressions: &'static str,
    pub pack: &'static str,
    pub classification: &'static str,
    pub layer_raw: &'static str,
    pub layer_staging: &'static str,
    pub layer_marts: &'static str,
    pub passed: &'static str,
    pub warned: &'static str,
    pub failed: &'static str,
    pub not_run: &'static str,
    pub failures: &'static str,

    // Metrics list, sign-in.
    pub kpis: &'static str,
    pub building_blocks: &'static str,
    pub sign_in: &'static str,
    pub sign_in_how: &'static str,
}

impl Texts {
    pub fn of(lang: Lang) -> &'static Texts {
        match lang {
            Lang::PtBr => &pt::TEXTS,
            Lang::En => &en::TEXTS,
        }
    }

    /// A label of a pack in this language; English falls back to Portuguese.
    pub fn label<'a>(&self, label: &'a kpi::definition::Label) -> &'a str {
        match (self.lang, &label.en) {
            (Lang::En, Some(english)) => english,
            _ => &label.pt,
        }
    }

    /// A member of a dimension; the empty one stands for rows without a value.
    pub fn member<'a>(&self, name: &'a str) -> &'a str
    where
        Texts: 'a,
    {
        if name.is_empty() { self.no_value } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_falls_back_to_portuguese_labels() {
        let label = kpi::definition::Label { pt: "Margem bruta".into(), en: None };
        assert_eq!(Texts::of(Lang::En).label(&label), "Margem bruta");
    }

    #[test]
    fn no_text_is_empty_and_languages_differ() {
        let (pt, en) = (format!("{:?}", pt::TEXTS), format!("{:?}", en::TEXTS));
        assert!(!pt.contains("\"\"") && !en.contains("\"\""));
        let same = pt.split(", ").zip(en.split(", ")).filter(|(a, b)| a == b).count();
        assert!(same < 12, "{same} texts are the same in both languages");
    }
}
