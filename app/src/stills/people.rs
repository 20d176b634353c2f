//! The pages of people: everybody with an invitation's form, and one person.
//!
//! Invariant: a link that lets somebody in stands on the answer to the form that made it, and nowhere else.

use super::entry::{email_input, field, refusal};
use super::people_words::Words;
use super::source_page::{heads, section};
use super::uploads::notice;
use super::{Posted, Telling};
use crate::components::still::{Html, Piece, all, el};
use crate::routes;
use contract::people::{NewSecondStep, PasswordLink, PersonCard, PersonDraft, PersonRefusal, Standing};

/// What came of a form about a person.
#[derive(Debug, Clone, Default)]
pub struct PersonPosted {
    pub draft: Option<PersonDraft>,
    pub refused: Option<PersonRefusal>,
    pub link: Option<PasswordLink>,
    /// A second step that the asker is setting up.
    pub step: Option<NewSecondStep>,
    /// The recovery codes of one that is set up; told once.
    pub recovery: Option<Vec<String>>,
}

/// Everybody, and the form that invites.
pub fn page(people: &[PersonCard], roles: &[String], posted: &Posted, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let rows: Vec<Html> = people.iter().map(|person| row(person, telling)).collect();
    let head = heads(&[
        ("", super::entry_words::Words::of(telling.lang).name),
        ("", words.roles),
        ("sm-hide", words.attributes),
        ("", words.state),
        ("", words.seen),
    ]);
    let table = el("table", &[("class", "table stacked people")], (head, el("tbody", &[], rows)));
    let list = section("s12", "pessoas", (words.people, words.people_more), None, table);
    let draft = posted
        .person
        .draft
        .clone()
        .unwrap_or_else(|| PersonDraft { roles: vec!["leitor".to_owned()], ..PersonDraft::default() });
    let form = form(routes::PEOPLE, &draft, roles, words.invite_button, telling);
    let invite = section("s12", "convidar", (words.invite, words.invite_more), None, form);
    all((outcome(posted, telling), el("div", &[("class", "grid first")], (list, invite))))
}

/// One person: what they are, another link, removing them.
pub fn person(card: &PersonCard, roles: &[String], posted: &Posted, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let draft = posted.person.draft.clone().unwrap_or_else(|| PersonDraft {
        name: card.name.clone(),
        email: card.email.clone().unwrap_or_default(),
        roles: card.roles.clone(),
        attributes: lines(card),
    });
    let step = |href: &str, current: &str, name: &str| {
        let link = [("href", href), ("rel", "external"), ("aria-current", current)];
        el("li", &[], el("a", &link, el("span", &[], name)))
    };
    let here = routes::person(&card.id);
    let way = el("ol", &[], (step(routes::PEOPLE, "", words.people), step(&here, "page", &card.name)));
    let crumbs = el("nav", &[("class", "crumbs"), ("aria-label", words.people)], way);
    let form = form(&here, &draft, roles, words.save, telling);
    let deed = |deed: &str, class: &str, label: &str| {
        let button = el("button", &[("class", class)], label);
        let attributes =
            [("class", "acts"), ("method", "post"), ("action", &routes::person_deed(&card.id, deed))];
        el("form", &attributes, button)
    };
    let link = card.email.as_ref().map(|_| {
        let form = deed("link", "btn", words.new_link);
        section("s6", "senha", (words.password, words.password_more), None, form)
    });
    let code = card.has_second_step.then(|| {
        let form = deed("sem-codigo", "btn", words.drop_of);
        section("s6", "sem-codigo", (words.step, words.drop_of_more), None, form)
    });
    let remove = deed("remover", "btn danger", words.remove_button);
    let parts = (
        section("s12", "pessoa", (&card.name, words.person_more), None, form),
        link,
        code,
        section("s6", "remover", (words.remove, words.remove_more), None, remove),
    );
    all((crumbs, outcome(posted, telling), el("div", &[("class", "grid first")], parts)))
}

fn row(person: &PersonCard, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let you = person.is_asker.then(|| el("small", &[], format!(" · {}", words.you)));
    let email = person.email.as_ref().map(|email| el("small", &[("class", "users")], email.as_str()));
    let link =
        el("a", &[("href", routes::person(&person.id).as_str()), ("rel", "external")], person.name.as_str());
    let state = match person.standing {
        Standing::Active => words.active,
        Standing::Invited => words.invited,
        Standing::ByLink => words.by_link,
    };
    let seen = person.seen_at.as_deref().map_or_else(|| words.never.to_owned(), |at| telling.moment(at));
    let attributes = lines(person).replace('\n', " · ");
    let cells = (
        el("th", &[("scope", "row")], (link, you, email)),
        el("td", &[], person.roles.join(", ")),
        el("td", &[("class", "sm-hide said")], attributes),
        el("td", &[], state),
        el("td", &[("data-label", words.seen)], seen),
    );
    el("tr", &[("id", &format!("pessoa-{}", person.id))], cells)
}

/// Attributes as the form takes them.
fn lines(person: &PersonCard) -> String {
    let line = |(name, values): (&String, &Vec<String>)| format!("{name} = {}", values.join(", "));
    person.attributes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn form(action: &str, draft: &PersonDraft, roles: &[String], button: &str, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let entry = super::entry_words::Words::of(telling.lang);
    let name = [
        ("class", "input"),
        ("name", "name"),
        ("value", draft.name.as_str()),
        ("required", "required"),
        ("maxlength", "100"),
        ("autocomplete", "off"),
    ];
    let role = |role: &String| {
        let checked = if draft.roles.contains(role) { "checked" } else { "" };
        let input = [("type", "checkbox"), ("name", "role"), ("value", role.as_str()), ("checked", checked)];
        let said = el("span", &[], (el("b", &[], role.as_str()), el("small", &[], words.role_more(role))));
        el("label", &[("class", "check")], (el("input", &input, ()), said))
    };
    // Whoever comes in by the console alone need not have one.
    let must = if action == routes::PEOPLE { "required" } else { "" };
    let roles: Vec<Html> = roles.iter().map(role).collect();
    let roles = el("fieldset", &[("class", "field roles")], (el("legend", &[], words.roles), roles));
    let attributes = [("class", "input"), ("name", "attributes"), ("rows", "4"), ("spellcheck", "false")];
    let attributes = el("textarea", &attributes, draft.attributes.as_str());
    let fields = (
        field(entry.name, "", el("input", &name, ())),
        field(entry.email, "", email_input(&draft.email, &[("required", must)])),
        roles,
        field(words.attributes, words.attributes_help, attributes),
        el("p", &[("class", "acts")], el("button", &[("class", "btn primary")], button)),
    );
    el("form", &[("class", "told"), ("method", "post"), ("action", action), ("autocomplete", "off")], fields)
}

/// Why a form was refused, or the link that it made.
fn outcome(posted: &Posted, telling: &Telling) -> Option<Html> {
    let words = Words::of(telling.lang);
    if let Some(why) = &posted.person.refused {
        let said = all((el("b", &[], words.not_done), ". ", refusal(why, telling.lang)));
        return Some(notice("bad", said, "recusa", "alert"));
    }
    let link = posted.person.link.as_ref()?;
    let mut said = el("b", &[], format!("{} {}", words.link_for, link.person));
    (". ", words.link_more, format!(" {} {}.", link.days, words.days)).write(&mut said.0);
    let input = [
        ("class", "input"),
        ("readonly", "readonly"),
        ("value", link.address.as_str()),
        ("aria-label", words.link),
        ("id", "link"),
    ];
    let copied = el("p", &[("class", "copied once")], el("input", &input, ()));
    Some(all((notice("ok", said, "link-criado", "status"), copied)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use locale::Lang;
    use std::collections::BTreeMap;

    #[test]
    fn a_person_is_text_and_keeps_roles_and_attributes_in_the_form() {
        let card = PersonCard {
            id: "ana".to_owned(),
            name: "Ana <b>".to_owned(),
            email: Some("ana@x.com".to_owned()),
            roles: vec!["gestor".to_owned()],
            attributes: BTreeMap::from([(
                "filiais".to_owned(),
                vec!["Curitiba".to_owned(), "Londrina".to_owned()],
            )]),
            standing: Standing::Invited,
            seen_at: None,
            has_second_step: false,
            is_asker: false,
        };
        let telling = Telling { lang: Lang::PtBr, time_zone: "UTC".to_owned() };
        let roles = ["gestor".to_owned(), "leitor".to_owned()];
        let html = person(&card, &roles, &Posted::default(), &telling).0;
        assert!(html.contains("Ana &lt;b&gt;") && !html.contains("<b>\""), "{html}");
        assert!(
            html.contains("value=\"gestor\" checked=\"checked\">")
                && !html.contains("value=\"leitor\" checked")
        );
        assert!(html.contains("filiais = Curitiba, Londrina</textarea>"), "{html}");
        let html = page(&[card], &roles, &Posted::default(), &telling).0;
        assert!(html.contains("convite enviado") && html.contains("/pessoas/ana"), "{html}");
    }
}
