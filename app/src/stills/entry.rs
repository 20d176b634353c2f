//! The pages where somebody comes in: signing in, and choosing a password through a link. They run no script.
//!
//! Decides nothing (`server/src/web/entry.rs`). Invariant: to whoever has neither signed in nor a link they tell nothing about the company.

use super::entry_words::Words;
use super::uploads::notice;
use crate::components::icons::mark;
use crate::components::still::{Html, Piece, all, el};
use crate::routes;
use contract::people::{PASSWORD_LETTERS, PasswordRefusal, PersonRefusal};
use locale::Lang;

/// A page of its own, without the frame that boards have.
pub struct Page {
    pub title: &'static str,
    pub body: Html,
}

/// What the sign-in page says before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    NotRight,
    LinkIsGone,
    TooLate,
}

impl Said {
    pub fn of_link(is_gone: bool) -> Option<Said> {
        is_gone.then_some(Said::LinkIsGone)
    }
}

/// Whom a link for a password belongs to.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub company: String,
    pub token: String,
    pub name: String,
    pub email: String,
    /// They have never set one.
    pub is_first: bool,
}

pub fn sign_in(email: &str, said: Option<Said>, lang: Lang) -> Page {
    let words = Words::of(lang);
    let said = said.map(|said| {
        let why = match said {
            Said::NotRight => words.not_right,
            Said::LinkIsGone => words.link_is_gone,
            Said::TooLate => words.too_late,
        };
        notice("bad", all(why), "recusa", "alert")
    });
    let focus = if email.is_empty() { "autofocus" } else { "" };
    let email = email_input(email, &[("required", "required"), ("autofocus", focus)]);
    let fields = (
        el("h1", &[], words.sign_in),
        said,
        field(words.email, "", email),
        field(words.password, "", password_input("password", "current-password")),
        el("button", &[("class", "btn primary lg")], words.sign_in),
        el("p", &[("class", "mute")], words.forgotten),
        el("p", &[("class", "mute")], words.by_link),
    );
    let form = el("form", &[("class", "how"), ("method", "post"), ("action", routes::SIGN_IN)], fields);
    page(words.sign_in, form, routes::SIGN_IN, lang)
}

/// The code that is asked for after the password.
pub fn second_step(token: &str, is_wrong: bool, lang: Lang) -> Page {
    let words = Words::of(lang);
    let fields = (
        el("h1", &[], words.second_step),
        is_wrong.then(|| notice("bad", all(words.wrong_code), "recusa", "alert")),
        el("input", &[("type", "hidden"), ("name", "token"), ("value", token)], ()),
        field(words.code, words.code_help, code_input("autofocus")),
        el("button", &[("class", "btn primary lg")], words.sign_in),
        el("p", &[("class", "mute")], words.lost_phone),
    );
    let form = el("form", &[("class", "how"), ("method", "post"), ("action", routes::SIGN_IN_CODE)], fields);
    page(words.second_step, form, routes::SIGN_IN, lang)
}

/// A code of an authenticator, or a recovery code.
pub(super) fn code_input(focus: &str) -> Html {
    let input = [
        ("class", "input"),
        ("name", "code"),
        ("required", "required"),
        ("maxlength", "40"),
        ("autocomplete", "one-time-code"),
        ("autocapitalize", "off"),
        ("spellcheck", "false"),
        ("autofocus", focus),
    ];
    el("input", &input, ())
}

/// The asker's roles do not allow what they asked for.
pub fn forbidden(lang: Lang) -> Page {
    let words = Words::of(lang);
    let said = (
        el("h1", &[], words.forbidden),
        el("p", &[], words.forbidden_more),
        el("a", &[("class", "btn"), ("href", "/")], words.to_boards),
    );
    page(words.forbidden, el("div", &[("class", "how")], said), "/", lang)
}

pub fn invitation(invitation: &Invitation, refused: Option<&PersonRefusal>, lang: Lang) -> Page {
    let words = Words::of(lang);
    let (title, button) = if invitation.is_first {
        (words.welcome, words.begin)
    } else {
        (words.new_password, words.save_password)
    };
    let name = invitation.is_first.then(|| {
        let input = [
            ("class", "input"),
            ("name", "name"),
            ("value", invitation.name.as_str()),
            ("required", "required"),
            ("maxlength", "100"),
            ("autocomplete", "name"),
        ];
        field(words.name, "", el("input", &input, ()))
    });
    // For the password manager; it is nobody's to change here.
    let email = el(
        "input",
        &[
            ("class", "input"),
            ("name", "email"),
            ("value", invitation.email.as_str()),
            ("readonly", "readonly"),
            ("autocomplete", "username"),
        ],
        (),
    );
    let fields = (
        all((el("h1", &[], title), el("p", &[("class", "mute")], invitation.company.as_str()))),
        refused.map(|why| notice("bad", all(refusal(why, lang)), "recusa", "alert")),
        el("input", &[("type", "hidden"), ("name", "token"), ("value", &invitation.token)], ()),
        field(words.email, "", email),
        name,
        new_password(words.password, words),
        el("button", &[("class", "btn primary lg")], button),
    );
    let form = el("form", &[("class", "how"), ("method", "post"), ("action", routes::INVITATION)], fields);
    page(title, form, &routes::invitation(&invitation.token), lang)
}

/// Both fields of a new password.
pub(super) fn new_password(label: &str, words: &Words) -> Html {
    all((
        field(label, words.password_help, password_input("password", "new-password")),
        field(words.again, "", password_input("again", "new-password")),
    ))
}

/// Why something of a person was refused.
pub(super) fn refusal(why: &PersonRefusal, lang: Lang) -> String {
    let words = Words::of(lang);
    let said = match why {
        PersonRefusal::Name => words.no_name,
        PersonRefusal::Email => words.no_email,
        PersonRefusal::EmailTaken => words.email_taken,
        PersonRefusal::Role => words.no_role,
        PersonRefusal::Attribute(line) => return format!("{} {line}", words.no_attribute),
        PersonRefusal::LastAdministrator => words.last_administrator,
        PersonRefusal::NoEmail => words.without_email,
        PersonRefusal::Code => words.wrong_code,
        PersonRefusal::Company => words.no_company,
        PersonRefusal::TimeZone => words.no_time_zone,
        PersonRefusal::Password(PasswordRefusal::Short) => words.short,
        PersonRefusal::Password(PasswordRefusal::Long) => words.long,
        PersonRefusal::Password(PasswordRefusal::Easy) => words.easy,
        PersonRefusal::Password(PasswordRefusal::Differs) => words.differs,
        PersonRefusal::Password(PasswordRefusal::Wrong) => words.wrong,
        PersonRefusal::Failure(failure) => return failure.message.clone(),
    };
    said.to_owned()
}

pub(super) fn field(name: &str, help: &str, input: impl Piece) -> Html {
    let help = (!help.is_empty()).then(|| el("small", &[], help));
    el("label", &[("class", "field")], (el("span", &[], name), input, help))
}

pub(super) fn email_input(value: &str, more: &[(&str, &str)]) -> Html {
    let input = [
        ("class", "input"),
        ("type", "email"),
        ("name", "email"),
        ("value", value),
        ("maxlength", "254"),
        ("autocomplete", "username"),
    ];
    el("input", &[&input, more].concat(), ())
}

pub(super) fn password_input(name: &str, autocomplete: &str) -> Html {
    let (least, most) = (PASSWORD_LETTERS.start().to_string(), PASSWORD_LETTERS.end().to_string());
    let is_new = autocomplete == "new-password";
    let input = [
        ("class", "input"),
        ("type", "password"),
        ("name", name),
        ("required", "required"),
        ("minlength", if is_new { least.as_str() } else { "" }),
        ("maxlength", if is_new { most.as_str() } else { "" }),
        ("autocomplete", autocomplete),
    ];
    el("input", &input, ())
}

/// What there is to do, and the way to the other language.
pub(super) fn page(title: &'static str, doing: Html, here: &str, lang: Lang) -> Page {
    let words = Words::of(lang);
    let other = lang.pick(Lang::En, Lang::PtBr);
    let language = routes::preference("lang", other.tag(), here);
    let language = el(
        "a",
        &[("href", language.as_str()), ("lang", other.tag()), ("hreflang", other.tag())],
        words.other_language,
    );
    let foot = all((words.data_stay_here, " · ", language));
    Page { title, body: halves(doing, foot, routes::SIGN_IN, lang) }
}

/// The view beside what there is to do; the mark leads to `home`.
pub(super) fn halves(doing: Html, foot: Html, home: &str, lang: Lang) -> Html {
    let words = Words::of(lang);
    let form = (
        el("a", &[("class", "brand"), ("href", home)], (mark(), el("span", &[], "Mirante"))),
        doing,
        el("p", &[("class", "mute foot")], foot),
    );
    let path = |class: &str, d: &str| el("path", &[("class", class), ("d", d)], ());
    let hills = (
        path("h", "M0 120H800M0 180H800M0 240H800M0 300H800M0 360H800"),
        path(
            "r2",
            "M0 318 70 296 128 306 206 262 262 282 330 236 402 270 470 228 548 262 620 214 700 250 800 206",
        ),
        path(
            "r",
            "M0 372 96 338 160 354 238 300 300 330 372 262 430 296 520 196 588 262 650 236 722 290 800 262",
        ),
        el("circle", &[("cx", "520"), ("cy", "196"), ("r", "9")], ()),
    );
    let view = (
        el("p", &[], (el("b", &[], words.mirante), " ", el("span", &[], words.mirante_meaning))),
        el("svg", &[("viewBox", "0 0 800 420"), ("preserveAspectRatio", "xMidYMax slice")], hills),
    );
    let main = (
        el("section", &[("class", "auth-form")], form),
        el("aside", &[("class", "auth-view"), ("aria-hidden", "true")], view),
    );
    el("main", &[("class", "auth-main"), ("id", "conteudo")], main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_sign_in_comes_back_with_the_e_mail_and_without_the_password() {
        let html = sign_in("ana@x.com\"><b>", Some(Said::NotRight), Lang::PtBr).body.0;
        assert!(html.contains("value=\"ana@x.com&quot;&gt;&lt;b&gt;\""), "{html}");
        assert!(html.contains("role=\"alert\"") && html.contains("não conferem"), "{html}");
    }

    #[test]
    fn whoever_only_chooses_another_password_does_not_change_their_name() {
        let mut whose = Invitation {
            company: "Serra Azul".to_owned(),
            token: "abc".to_owned(),
            name: "Ana Souza".to_owned(),
            email: "ana@x.com".to_owned(),
            is_first: true,
        };
        assert!(invitation(&whose, None, Lang::PtBr).body.0.contains("name=\"name\""));
        whose.is_first = false;
        let html = invitation(&whose, None, Lang::PtBr).body.0;
        assert!(!html.contains("name=\"name\"") && html.contains("ana@x.com"), "{html}");
    }
}
