//! Exports of the CRM: source `ploomes`.
//!
//! Invariant: the newest row of each deal is the deal of the model.

use std::io;

use super::Out;
use super::stream::{Dialect, Layout, Plan, Stream};
use crate::calendar::{DAY_SECONDS, Day, Moment};
use crate::company::deals::{Deal, LOSS_REASONS, LOST, OPEN, STAGES};
use crate::company::places::PLACES;
use crate::company::{CHANNELS, Company, SEGMENTS, customers, events, products};
use crate::dirt::{self, Broken, Dirt};

pub(crate) const CONTACT: i64 = 400_000_001;
pub(crate) const DEAL: i64 = 500_000_001;
pub(crate) const USER: i64 = 10_003_800;
pub(crate) const STAGE: i64 = 10_004_990;
pub(crate) const PIPELINE: i64 = 10_000_960;
pub(crate) const ORIGIN: i64 = 10_000_301;
pub(crate) const LOSS: i64 = 10_000_701;
pub(crate) const PRODUCT: i64 = 30_000_001;
const ENTRY: i64 = 700_000_001;
pub(crate) const QUOTE: i64 = 800_000_001;

pub(crate) const PIPELINES: [&str; 2] = ["Vendas", "Grandes contas"];
/// Users who sell nothing: a director, a manager, and the integration; numbered from 90.
pub(crate) const STAFF: [&str; 3] = ["Marcos Prado", "Lívia Sartori", "Integração Mirante"];

/// SAP's code of a deal's number in the CRM.
pub(crate) fn deal_id(number: u32) -> i64 {
    DEAL + i64::from(number)
}

pub(super) fn write(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    lookups(company, out)?;
    contacts(company, out)?;
    catalogue(company, out)?;
    deals(company, out)?;
    stage_history(company, out)?;
    quotes(company, out)
}

fn plan<'a>(stream: &'a str, columns: &'a str, layout: Layout, dirt: Dirt) -> Plan<'a> {
    Plan { source: "ploomes", stream, prefix: stream, columns, dialect: Dialect::Ploomes, layout, dirt }
}

pub(crate) fn noon(day: Day) -> Moment {
    Moment::from(day) * DAY_SECONDS + 12 * 3600
}

fn lookups(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let first = company.horizon.first;
    let clean = Dirt::default();
    let mut stream =
        Stream::open(out, &plan("pipelines", "Id Name Ordination Archived", Layout::File, clean))?;
    for (index, name) in PIPELINES.iter().enumerate() {
        let index = index as i64 + 1;
        stream.row(out, first, |line| {
            line.int(PIPELINE + index).text(name).int(index).text("Não");
        })?;
    }
    stream.finish(out)?;
    let mut stream =
        Stream::open(out, &plan("stages", "Id Name PipelineId Ordination", Layout::File, clean))?;
    for pipeline in 1..=2_u8 {
        for (index, name) in STAGES.iter().enumerate() {
            stream.row(out, first, |line| {
                line.int(stage_id(pipeline, index as u8 + 1))
                    .text(name)
                    .int(PIPELINE + i64::from(pipeline))
                    .int(index as i64 + 1);
            })?;
        }
    }
    stream.finish(out)?;
    let mut stream = Stream::open(out, &plan("origins", "Id Name", Layout::File, clean))?;
    for (index, name) in CHANNELS.iter().enumerate() {
        stream.row(out, first, |line| {
            line.int(ORIGIN + index as i64).text(name);
        })?;
    }
    stream.finish(out)?;
    let mut stream = Stream::open(out, &plan("loss_reasons", "Id Name", Layout::File, clean))?;
    for (index, name) in LOSS_REASONS.iter().enumerate() {
        stream.row(out, first, |line| {
            line.int(LOSS + index as i64).text(name);
        })?;
    }
    stream.finish(out)?;
    users(company, out)
}

fn users(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "Id Name Email CodigoVendedor Filial Active LastUpdateDate";
    let mut stream = Stream::open(out, &plan("users", columns, Layout::File, Dirt::default()))?;
    for (index, seller) in company.sellers.iter().enumerate() {
        let number = index as i64 + 1;
        stream.row(out, seller.admitted, |line| {
            line.int(USER + number)
                .text(&seller.name)
                .text(&seller.email)
                .int(number)
                .int(seller.filial.into());
            let here = seller.works_on(company.horizon.last);
            line.text(if here { "Sim" } else { "Não" }).moment(noon(seller.left.unwrap_or(seller.admitted)));
        })?;
    }
    for (index, name) in STAFF.iter().enumerate() {
        let number = 90 + index as i64;
        stream.row(out, company.horizon.first, |line| {
            let email = crate::company::people::email(name, number as usize);
            line.int(USER + number)
                .text(name)
                .text(&email)
                .empty()
                .int(1)
                .text("Sim")
                .moment(noon(company.horizon.first));
        })?;
    }
    stream.finish(out)
}

pub(crate) fn stage_id(pipeline: u8, ordination: u8) -> i64 {
    STAGE + i64::from(pipeline - 1) * 5 + i64::from(ordination)
}

fn contacts(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "Id TypeId Name LegalName CNPJ OriginId OwnerId LineOfBusiness City State CodigoSAP CreateDate LastUpdateDate";
    let dirt = Dirt { doubled: 5, ..Dirt::default() };
    let mut stream = Stream::open(out, &plan("contacts", columns, Layout::File, dirt))?;
    for (index, contact) in company.contacts.iter().enumerate() {
        let customer = contact.customer.map(|number| customers::code(number as usize));
        stream.row(out, contact.created, |line| {
            line.int(CONTACT + index as i64).int(1).text(&contact.name);
            line.text(&legal_name(company, index))
                .text(&contact.cnpj)
                .int(ORIGIN + i64::from(contact.channel))
                .int(USER + i64::from(contact.owner));
            line.text(SEGMENTS[usize::from(contact.segment)]);
            if hurried(company, index) {
                line.text(&dirt::other_city(contact.city));
            } else {
                line.text(contact.city);
            }
            line.text(PLACES[usize::from(contact.place)].uf).text(customer.as_deref().unwrap_or_default());
            line.moment(noon(contact.created)).moment(noon(contact_changed(company, index)));
        })?;
    }
    stream.finish(out)
}

/// Whether the city of a contact is in its second spelling.
pub(crate) fn hurried(company: &Company, contact: usize) -> bool {
    dirt::hits(company.seed, 101, contact as u64, 60)
}

/// Legal name as typed: now and then with what CSV must quote.
pub(crate) fn legal_name(company: &Company, contact: usize) -> String {
    let name = &company.contacts[contact].legal_name;
    if dirt::hits(company.seed, 102, contact as u64, 10) {
        format!("{name} \"Matriz\"; filial 2")
    } else {
        name.clone()
    }
}

/// Day of the last change of a contact: when it came, or when it became a customer.
pub(crate) fn contact_changed(company: &Company, contact: usize) -> Day {
    let contact = &company.contacts[contact];
    contact
        .customer
        .map_or(contact.created, |number| company.customers[number as usize].since.max(contact.created))
}

/// Products of the CRM: (position in the model, whether it is the second registration).
pub(crate) fn registered(company: &Company) -> impl Iterator<Item = (usize, bool)> {
    let count = company.products.len();
    let twice = (0..12).map(move |nth| (nth * 31 % count, true));
    (0..count).map(|index| (index, false)).chain(twice)
}

/// Name and code of a product as registered.
pub(crate) fn registered_as(company: &Company, index: usize, again: bool) -> (String, String) {
    let (name, code) = (company.products[index].name.clone(), products::code(index));
    if again { dirt::other_product(&name, &code) } else { (name, code) }
}

/// The CRM's own copy of the products, twelve of them registered twice.
fn catalogue(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let mut stream = Stream::open(
        out,
        &plan("products", "Id Name Code UnitPrice Suspended", Layout::File, Dirt::default()),
    )?;
    let first = company.horizon.first;
    for (number, (index, again)) in registered(company).enumerate() {
        let product = &company.products[index];
        let (name, code) = registered_as(company, index, again);
        stream.row(out, first, |line| {
            line.int(PRODUCT + number as i64).text(&name).text(&code);
            line.money(product.price(company.horizon.last, first, &company.stories));
            line.text(if product.retired { "Sim" } else { "Não" });
        })?;
    }
    stream.finish(out)
}

fn deals(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "Id Title ContactId ContactName PipelineId StageId StatusId LossReasonId OriginId OwnerId ProdutoCodigo Filial \
                   EventoCodigo Amount CurrencyId StartDate FinishDate CreateDate LastUpdateDate";
    let broken = Some(Broken { date: 15, number: 13, key: "" });
    let dirt = Dirt { doubled: 6, late: 5, broken };
    let mut stream = Stream::open(out, &plan("deals", columns, Layout::Folder, dirt))?;
    for (index, deal) in company.deals.iter().enumerate() {
        let day = deal.created_on();
        if deal.status != OPEN && dirt::hits(out.seed, 103, index as u64, 6) {
            // Exported while still open; its final state came with the next file.
            let early = Deal {
                status: OPEN,
                closed: None,
                amount: deal.amount / 10 * 9,
                stages_reached: 1,
                updated: deal.created,
                ..deal.clone()
            };
            stream.row(out, day, |line| deal_row(company, index, &early, line))?;
            stream.late_row(out, day, |line| deal_row(company, index, deal, line))?;
        } else {
            stream.row(out, day, |line| deal_row(company, index, deal, line))?;
        }
    }
    stream.finish(out)
}

fn deal_row(company: &Company, index: usize, deal: &Deal, line: &mut super::stream::Line<'_>) {
    let contact = &company.contacts[deal.contact as usize];
    let product = &company.products[usize::from(deal.product)];
    line.int(DEAL + index as i64).text(&format!("{} - {}", product.name, contact.name));
    line.int(CONTACT + i64::from(deal.contact)).text(&contact.name).int(PIPELINE + i64::from(deal.pipeline));
    line.int(stage_id(deal.pipeline, deal.stages_reached)).int(deal.status.into());
    if deal.status == LOST {
        line.int(LOSS + i64::from(deal.loss));
    } else {
        line.empty();
    }
    line.int(ORIGIN + i64::from(deal.channel)).int(USER + i64::from(deal.seller));
    line.text(&product_code(company, index)).int(deal.filial.into());
    match deal.event {
        Some(event) => line.text(&events::code(event.into())),
        None => line.empty(),
    };
    line.money(deal.amount)
        .int(1)
        .moment(deal.created)
        .maybe_moment(deal.closed)
        .moment(deal.created)
        .moment(deal.updated);
}

/// Code of a deal's product as typed.
pub(crate) fn product_code(company: &Company, deal: usize) -> String {
    let product = usize::from(company.deals[deal].product);
    registered_as(company, product, dirt::hits(company.seed, 104, deal as u64, 30)).1
}

pub(super) fn stage_history(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "Id DealId StageId Ordination EntryDate ExitDate LastUpdateDate";
    let dirt = Dirt { doubled: 3, late: 3, broken: None };
    let mut stream = Stream::open(out, &plan("deal_stage_history", columns, Layout::Folder, dirt))?;
    for (index, deal) in company.deals.iter().enumerate() {
        for place in 0..deal.stages_reached {
            let entry = deal.stages[usize::from(place)];
            let exit = if place + 1 < deal.stages_reached {
                Some(deal.stages[usize::from(place) + 1])
            } else {
                deal.closed
            };
            stream.row(out, deal.created_on(), |line| {
                line.int(ENTRY + index as i64 * 5 + i64::from(place)).int(DEAL + index as i64);
                line.int(stage_id(deal.pipeline, place + 1)).int(i64::from(place) + 1);
                line.moment(entry).maybe_moment(exit).moment(exit.unwrap_or(entry));
            })?;
        }
    }
    stream.finish(out)
}

/// How often the quote of a deal was made.
pub(crate) fn reviews(company: &Company, deal: usize) -> i64 {
    1 + i64::from(dirt::hits(company.seed, 105, deal as u64, 250))
}

pub(crate) fn quoted_at(company: &Company, deal: &Deal, review: i64) -> Moment {
    (deal.stages[2] + (review - 1) * 1800).min(company.horizon.end() - 1)
}

/// Cents of a review: the last one is the deal's amount, the one before was dearer.
pub(crate) fn quoted(deal: &Deal, last: bool) -> i64 {
    if last { deal.amount } else { deal.amount + deal.amount / 12 }
}

/// A quote for each deal that got to a proposal; one in four was revised, and only the last review counts.
fn quotes(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "Id QuoteNumber ReviewNumber LastReview DealId OwnerId Date Amount Discount CreateDate LastUpdateDate";
    let mut stream =
        Stream::open(out, &plan("quotes", columns, Layout::Folder, Dirt { doubled: 3, ..Dirt::default() }))?;
    let (mut id, mut quote) = (QUOTE, 0);
    for (index, deal) in company.deals.iter().enumerate().filter(|(_, deal)| deal.stages_reached >= 3) {
        quote += 1;
        let reviews = reviews(company, index);
        for review in 1..=reviews {
            let at = quoted_at(company, deal, review);
            let last = review == reviews;
            let amount = quoted(deal, last);
            stream.row(out, deal.created_on(), |line| {
                line.int(id)
                    .int(quote)
                    .int(review)
                    .text(if last { "Sim" } else { "Não" })
                    .int(DEAL + index as i64);
                line.int(USER + i64::from(deal.seller))
                    .moment(at)
                    .money(amount)
                    .money(0)
                    .moment(at)
                    .moment(at);
            })?;
            id += 1;
        }
    }
    stream.finish(out)
}
