//! Each story can be measured in the truth of a small company.

use simulators::calendar::{black_friday, civil, month_label, month_of};
use simulators::truth::Truth;
use simulators::{Company, stories::Span};

use crate::company;

/// Labels of the months of a span.
fn months(span: Span) -> Vec<String> {
    (month_of(span.from)..=month_of(span.to)).map(month_label).collect()
}

/// The months as many as `span` has, before it.
fn before(span: Span) -> Vec<String> {
    let (first, last) = (month_of(span.from), month_of(span.to));
    (2 * first - last - 1..first).map(month_label).collect()
}

/// Σ numerator and Σ denominator.
fn sum(truth: &Truth, metric: &str, months: &[String], dimension: &str, members: &[&str]) -> (i64, i64) {
    let picked = truth.rows.iter().filter(|row| {
        row.metric == metric
            && row.dimension == dimension
            && members.contains(&row.member.as_str())
            && months.contains(&row.month)
    });
    picked.fold((0, 0), |sum, row| (sum.0 + row.numerator, sum.1 + row.denominator))
}

fn ratio(figure: (i64, i64)) -> f64 {
    figure.0 as f64 / figure.1 as f64
}

fn told() -> [(Company, Truth); 2] {
    [company(0.02, 7), company(0.1, 11)].map(|company| {
        let truth = company.truth();
        (company, truth)
    })
}

#[test]
fn ads_cost_in_sul_doubles_and_cac_rises() {
    for (company, truth) in told() {
        let span = company.stories.ads_sul;
        let postings = |months: &[String]| -> i64 {
            let in_months = |day| months.contains(&month_label(month_of(day)));
            let ads = company
                .postings
                .iter()
                .filter(|posting| posting.channel == Some(0) && in_months(posting.day));
            ads.filter(|posting| posting.place.is_some_and(|place| (1..=3).contains(&place)))
                .map(|posting| posting.amount)
                .sum()
        };
        let rise = postings(&months(span)) as f64 / postings(&before(span)) as f64;
        assert!((1.6..2.4).contains(&rise), "Ads in Sul rose {rise} times");
        // Against a canal whose cost follows the same seasons.
        let cost = |months: &[String], canal: &str| sum(&truth, "cac", months, "canal", &[canal]).0 as f64;
        let to_site = |months: &[String]| cost(months, "Ads") / cost(months, "Site");
        assert!(to_site(&months(span)) > 1.2 * to_site(&before(span)));
    }
}

#[test]
fn sla_breaks_for_nine_business_days() {
    for (company, truth) in told() {
        let span = company.stories.agents_left;
        assert_eq!(company.calendar.between(1, span.from - 1, span.to), 9);
        let month = |at| vec![month_label(month_of(span.from) + at)];
        let sla = |months: &[String]| ratio(sum(&truth, "whatsapp_sla", months, "fila", &["Vendas"]));
        assert!(sla(&month(0)) < sla(&month(-1)) - 0.12, "{} after {}", sla(&month(0)), sla(&month(-1)));
        assert!(sla(&month(1)) > sla(&month(0)) + 0.12);
        let other =
            |months: &[String]| ratio(sum(&truth, "whatsapp_sla", months, "fila", &["Suporte", "Entregas"]));
        assert!((other(&month(0)) - other(&month(-1))).abs() < 0.06);
    }
}

#[test]
fn black_friday_discounts_and_slows_deliveries() {
    for (company, truth) in told() {
        for year in [2023, 2024, 2025] {
            let month = |number: i32| vec![format!("{year}-{number}")];
            let mean = |months: &[String]| ratio(sum(&truth, "order_lead_time_mean", months, "", &[""]));
            assert!(mean(&month(12)) > mean(&month(10)) + 1.2, "{year}");
        }
        // Monday to Friday of that week against the same days two weeks earlier, all years together.
        let placed = |back: i32| {
            let weeks = [2023, 2024, 2025].map(|year| black_friday(year) - back);
            let there = company
                .orders
                .iter()
                .filter(|order| weeks.iter().any(|&from| (from..from + 5).contains(&order.day)));
            there.count() as f64
        };
        assert!(placed(4) > 1.5 * placed(18), "{} after {}", placed(4), placed(18));
        // Families whose cost did not change, all three years: the discount alone.
        let families = ["Ferramentas", "EPI", "Elétrica", "Hidráulica", "Limpeza", "Embalagens"];
        let margin = |number: i32| {
            let months: Vec<String> = (2023..=2025).map(|year| format!("{year}-{number}")).collect();
            ratio(sum(&truth, "gross_margin_pct", &months, "familia", &families))
        };
        // In the smallest company the UFs' taxes vary more than the discount.
        let large = company.orders.len() > 8_000;
        assert!(!large || margin(12) < margin(10) - 0.004, "{} after {}", margin(12), margin(10));
    }
}

#[test]
fn short_site_form_trebles_poor_leads() {
    for (company, truth) in told() {
        let span = company.stories.site_form;
        let site = |months: &[String]| sum(&truth, "lead_conversion_rate", months, "canal", &["Site"]);
        let (during, earlier) = (site(&months(span)), site(&before(span)));
        assert!(during.1 as f64 > 2.2 * earlier.1 as f64, "{during:?} after {earlier:?}");
        assert!(ratio(during) < 0.8 * ratio(earlier));
        let all = |months: &[String]| ratio(sum(&truth, "lead_conversion_rate", months, "", &[""]));
        assert!(all(&months(span)) < all(&before(span)));
    }
}

#[test]
fn dearer_imports_press_the_margin_until_prices_follow() {
    for (company, truth) in told() {
        let span = company.stories.imported_cost;
        let margin =
            |months: &[String]| ratio(sum(&truth, "gross_margin_pct", months, "familia", &["Eletrônicos"]));
        let after: Vec<String> = (1..=2).map(|later| month_label(month_of(span.to) + 1 + later)).collect();
        assert!(margin(&months(span)) < margin(&before(span)) - 0.09);
        assert!(margin(&after) > margin(&months(span)) + 0.09);
    }
}

#[test]
fn rival_takes_education_contracts() {
    for (company, truth) in told() {
        let month = month_of(company.stories.edu_churn.from);
        let mrr = |month| sum(&truth, "mrr", &[month_label(month)], "segmento", &["Educação"]).0 as f64;
        assert!(mrr(month) < 0.85 * mrr(month - 1), "{} after {}", mrr(month), mrr(month - 1));
        let churn = |month| sum(&truth, "mrr_churn", &[month_label(month)], "", &[""]).0;
        let usual = (1..=6).map(|back| churn(month - back)).sum::<i64>() / 6;
        assert!(churn(month) > 2 * usual, "{} after {usual}", churn(month));
    }
}

#[test]
fn expo_loses_money_while_mature_events_earn_it() {
    for (company, truth) in told() {
        let expo = company.events.iter().position(|event| event.name.starts_with("Expo Serra")).unwrap();
        let code = simulators::company::events::code(expo);
        let row = truth.rows.iter().find(|row| row.metric == "event_roi" && row.member == code).unwrap();
        assert!(row.numerator < 0, "{row:?}");
        assert!(
            row.denominator
                > 3 * company.events.iter().map(|event| event.costs.iter().sum::<i64>()).sum::<i64>() / 60
        );
        let others = truth.rows.iter().filter(|row| row.metric == "event_roi" && row.dimension.is_empty());
        let (gain, cost) = others.fold((0, 0), |sum, row| (sum.0 + row.numerator, sum.1 + row.denominator));
        assert!(gain > cost);
    }
}

#[test]
fn strike_at_the_port_delays_the_north() {
    for (company, truth) in told() {
        let span = company.stories.port_strike;
        let mean =
            |months: &[String], ufs: &[&str]| ratio(sum(&truth, "order_lead_time_mean", months, "uf", ufs));
        let (north, south) = (["BA", "PE", "CE", "PA", "AM"], ["PR", "SC", "SP"]);
        assert!(mean(&months(span), &north) > 1.6 * mean(&before(span), &north));
        assert!(mean(&months(span), &south) < 1.3 * mean(&before(span), &south));
    }
}

#[test]
fn recife_brings_the_north_east_closer() {
    for (company, truth) in told() {
        let opened = month_of(company.stories.recife_opens);
        let (earlier, later): (Vec<String>, Vec<String>) = (
            (opened - 6..opened).map(month_label).collect(),
            (opened + 8..opened + 14).map(month_label).collect(),
        );
        let north_east = ["BA", "PE", "CE", "RN", "PB", "AL", "SE", "MA", "PI"];
        let share = |months: &[String]| {
            let part = sum(&truth, "net_sales", months, "uf", &north_east).0 as f64;
            part / sum(&truth, "net_sales", months, "", &[""]).0 as f64
        };
        assert!(share(&later) > 1.1 * share(&earlier), "{} after {}", share(&later), share(&earlier));
        let days = |months: &[String]| ratio(sum(&truth, "order_lead_time_mean", months, "uf", &north_east));
        assert!(days(&later) < 0.75 * days(&earlier));
        assert!(sum(&truth, "net_sales", &earlier, "filial", &["5"]).0 == 0);
    }
}

#[test]
fn best_seller_of_sao_paulo_is_missed() {
    for (company, _) in told() {
        let span = company.stories.top_seller;
        let rate = |from: i32, to: i32, here: bool| {
            let deals = company.deals.iter().filter(|deal| {
                (from..=to).contains(&deal.created_on()) && (deal.filial == 2) == here && deal.status != 1
            });
            let (won, all) = deals.fold((0, 0), |sum, deal| (sum.0 + i64::from(deal.status == 2), sum.1 + 1));
            ratio((won, all))
        };
        let (usual, missed) = (rate(span.from - 180, span.from - 1, true), rate(span.from, span.to, true));
        assert!(missed < 0.85 * usual, "{missed} after {usual}");
    }
}

#[test]
fn stories_are_told_in_order_and_within_the_data() {
    let company = company(0.02, 7);
    let told = company.stories.told();
    let ids: std::collections::BTreeSet<&str> = told.iter().map(|story| story.id).collect();
    assert_eq!(ids.len(), 10);
    assert!(told.iter().is_sorted_by_key(|story| story.from));
    assert!(
        told.iter().all(|story| company.horizon.contains(story.from)),
        "{:?}",
        told.iter().map(|s| civil(s.from)).collect::<Vec<_>>()
    );
}
