//! Truth of MRR and its movements.
//!
//! Invariant: new + expansion − contraction − churn of a month is the change of the balance.

use super::Tally;
use crate::calendar::{month_end, month_of};
use crate::company::Company;
use crate::company::contracts::MovementKind;

pub(super) fn count(company: &Company, tally: &mut Tally) {
    for contract in &company.contracts {
        let segment =
            company.contacts[company.customers[contract.customer as usize].contact as usize].segment;
        let members = [("segmento", u32::from(segment)), ("plano", u32::from(contract.plan))];
        for month in company.horizon.first_month()..=company.horizon.last_month() {
            let value = contract.monthly(month_end(month).min(company.horizon.last));
            if value > 0 {
                tally.add_by("mrr", month, (value, 0), &members);
            }
        }
        for movement in contract.movements.iter().filter(|movement| company.horizon.contains(movement.day)) {
            let metric = match movement.kind {
                MovementKind::New => "mrr_new",
                MovementKind::Expansion | MovementKind::Adjustment => "mrr_expansion",
                MovementKind::Contraction => "mrr_contraction",
                MovementKind::Churn => "mrr_churn",
            };
            tally.add_by(
                metric,
                month_of(movement.day),
                ((movement.after - movement.before).abs(), 0),
                &members,
            );
        }
    }
    // Amounts and stocks are no ratios: their denominator is 1.
    for ((metric, ..), figure) in &mut tally.0 {
        if metric.starts_with("mrr") {
            figure.1 = 1;
        }
    }
}
