//! Coming in by real HTTP: invitation, password, wrong passwords, sessions and who manages people.

use crate::serving::Serving;
use crate::workspace::Workspace;
use metastore::Metastore;
use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const PASSWORD: &str = "quatro cavalos bebem chuva";

/// A server with an administrator who came in by link, and their session.
fn served() -> (Workspace, Serving, String) {
    let workspace = Workspace::new();
    let link = workspace.succeeds(&["user", "add", "helena", "--name", "Helena", "--role", "administrador"]);
    let serving = Serving::start(&workspace, &["--no-schedule"]);
    let helena = by_link(&serving, &link);
    (workspace, serving, helena)
}

fn by_link(serving: &Serving, printed: &str) -> String {
    let (_, token) = printed.trim().rsplit_once("token=").expect("a link");
    session(&serving.ask(&format!("GET /entrar/link?token={token}"), "", ""))
}

/// The cookie that an answer sets.
fn session(answer: &str) -> String {
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.unwrap_or_else(|| panic!("no session: {answer}"));
    cookie.split(';').next().expect("a cookie").to_owned()
}

fn send(serving: &Serving, path: &str, cookie: &str, pairs: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    pairs.iter().for_each(|(key, value)| {
        form.append_pair(key, value);
    });
    serving.send_form(&format!("POST {path}"), cookie, &form.finish())
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// Invites somebody and gives the token of the link.
fn invite(serving: &Serving, cookie: &str, name: &str, email: &str, more: &[(&str, &str)]) -> String {
    let pairs = [&[("name", name), ("email", email)], more].concat();
    token(&send(serving, "/pessoas", cookie, &pairs))
}

fn token(answer: &str) -> String {
    let (_, rest) = answer.split_once("/convite?token=").unwrap_or_else(|| panic!("no link: {answer}"));
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

fn accept(serving: &Serving, token: &str, name: &str, password: &str) -> String {
    let pairs = [("token", token), ("name", name), ("password", password), ("again", password)];
    send(serving, "/convite", "", &pairs)
}

fn sign_in(serving: &Serving, email: &str, password: &str) -> String {
    send(serving, "/entrar", "", &[("email", email), ("password", password)])
}

/// What a person reads of an answer: its body without what differs each time.
fn said(answer: &str) -> (u16, String) {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (status(answer), body.to_owned())
}

#[test]
fn an_invited_person_chooses_a_password_and_signs_in_with_it() {
    let (workspace, serving, helena) = served();
    let leitor = [("role", "leitor"), ("attributes", "filiais = Curitiba, Londrina")];
    let token = invite(&serving, &helena, "Ana", "Ana.Souza@Empresa.com.br", &leitor);
    let listed = workspace.succeeds(&["user", "list"]);
    assert!(listed.contains("ana.souza\tAna\tleitor\tfiliais=Curitiba,Londrina"), "{listed}");

    let page = serving.ask(&format!("GET /convite?token={token}"), "", "");
    assert!(status(&page) == 200 && page.contains("ana.souza@empresa.com.br"), "{page}");
    for (name, password, again, why) in [
        ("Ana", "curta", "curta", "ao menos 12"),
        ("Ana", "password1234", "password1234", "adivinhar"),
        ("Ana", "anasouza2026", "anasouza2026", "adivinhar"),
        ("Ana", PASSWORD, "quatro cavalos bebem vinho", "não são iguais"),
        (" ", PASSWORD, PASSWORD, "Escreva o nome"),
    ] {
        let pairs = [("token", token.as_str()), ("name", name), ("password", password), ("again", again)];
        let refused = send(&serving, "/convite", "", &pairs);
        assert!(status(&refused) == 422 && refused.contains(why), "{password}: {refused}");
        assert!(!refused.contains("set-cookie") && !refused.contains(PASSWORD), "{refused}");
    }
    // Nobody has signed in with a password that was not taken.
    assert_eq!(status(&sign_in(&serving, "ana.souza@empresa.com.br", PASSWORD)), 422);

    let accepted = accept(&serving, &token, "Ana Souza", PASSWORD);
    let first = session(&accepted);
    assert_eq!(status(&accepted), 303);
    assert_eq!(status(&serving.ask("GET /api/v1/openapi.json", &first, "")), 200);
    assert_eq!(
        status(&accept(&serving, &token, "Outra", "outra senha bem comprida")),
        404,
        "a link works once"
    );
    assert_eq!(status(&serving.ask(&format!("GET /convite?token={token}"), "", "")), 404);

    let second = sign_in(&serving, " ANA.souza@empresa.com.br", PASSWORD);
    assert_eq!(status(&second), 303);
    assert_ne!(session(&second), first);
    assert!(second.contains("HttpOnly; SameSite=Lax"), "{second}");
    // Whoever signs in anew leaves the session that the browser held.
    let pairs = [("email", "ana.souza@empresa.com.br"), ("password", PASSWORD)];
    let third = session(&send(&serving, "/entrar", &session(&second), &pairs));
    assert_eq!(status(&serving.ask("GET /api/v1/openapi.json", &session(&second), "")), 401);
    assert_eq!(status(&serving.ask("GET /api/v1/openapi.json", &third, "")), 200);
}

#[test]
fn somebody_unknown_a_wrong_password_and_somebody_locked_out_get_the_same_answer() {
    let (workspace, serving, helena) = served();
    let token = invite(&serving, &helena, "Ana", "ana@x.com", &[("role", "leitor")]);
    session(&accept(&serving, &token, "Ana", PASSWORD));
    let wrong = |email: &str| {
        let (status, body) = said(&sign_in(&serving, email, "errada errada errada"));
        (status, body.replace(email, "…"))
    };
    let first = wrong("ana@x.com");
    assert!(first.0 == 422 && first.1.contains("não conferem"), "{first:?}");
    assert_eq!(wrong("ninguem@x.com"), first);
    // Four more, and the account waits: for anybody, with any password.
    for _ in 0..4 {
        assert_eq!(wrong("ana@x.com"), first);
        assert_eq!(wrong("ninguem@x.com"), first);
    }
    let (status, body) = said(&sign_in(&serving, "ana@x.com", PASSWORD));
    assert_eq!((status, body.replace("ana@x.com", "…")), first);
    // A server that is started again still knows, until the time is over.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(Metastore::open_in(&workspace.folder("data"))).unwrap();
    let is_locked =
        || runtime.block_on(store.credential("ana")).unwrap().is_some_and(|credential| credential.is_locked);
    let patience = Instant::now() + Duration::from_secs(30);
    while !is_locked() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(is_locked());
    drop(serving);
    runtime.block_on(store.lock("ana", 3600)).unwrap();
    let serving = Serving::start(&workspace, &["--no-schedule"]);
    let (status, body) = said(&sign_in(&serving, "ana@x.com", PASSWORD));
    assert_eq!((status, body.replace("ana@x.com", "…")), first);
    runtime.block_on(store.lock("ana", 0)).unwrap();
    assert_eq!(self::status(&sign_in(&serving, "ana@x.com", PASSWORD)), 303);
}

#[test]
fn sessions_end_one_by_one_all_at_once_and_with_the_password() {
    let (_workspace, serving, helena) = served();
    let token = invite(&serving, &helena, "Ana", "ana@x.com", &[("role", "leitor")]);
    let first = session(&accept(&serving, &token, "Ana", PASSWORD));
    let other = || session(&sign_in(&serving, "ana@x.com", PASSWORD));
    let (second, third) = (other(), other());
    let lives = |cookie: &str| status(&serving.ask("GET /api/v1/openapi.json", cookie, "")) == 200;
    let ids = |cookie: &str| -> Vec<String> {
        let page = serving.ask("GET /acessos", cookie, "");
        let ids = page.split("name=\"id\" value=\"").skip(1);
        ids.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(ids(&first).len(), 2, "all but the one that asks");
    // Somebody else's session is none.
    let of_helena = ids(&first)[0].clone();
    assert_eq!(status(&send(&serving, "/acessos/encerrar", &helena, &[("id", &of_helena)])), 404);
    assert!(lives(&second) && lives(&third));
    for id in ids(&first) {
        assert_eq!(status(&send(&serving, "/acessos/encerrar", &first, &[("id", &id)])), 303);
    }
    assert!(lives(&first) && !lives(&second) && !lives(&third));
    let second = other();
    send(&serving, "/acessos/encerrar", &second, &[]);
    assert!(lives(&second) && !lives(&first));

    let third = other();
    let change = |present: &str, password: &str| {
        let pairs = [("present", present), ("password", password), ("again", password)];
        send(&serving, "/acessos/senha", &third, &pairs)
    };
    let refused = change("errada errada", "cinco cavalos bebem vento");
    assert!(status(&refused) == 422 && refused.contains("não confere"), "{refused}");
    assert_eq!(status(&change(PASSWORD, "password1234")), 422);
    assert!(lives(&second));
    assert_eq!(status(&change(PASSWORD, "cinco cavalos bebem vento")), 303);
    assert!(lives(&third) && !lives(&second));
    assert_eq!(status(&sign_in(&serving, "ana@x.com", PASSWORD)), 422);
    assert_eq!(status(&sign_in(&serving, "ana@x.com", "cinco cavalos bebem vento")), 303);
}

#[test]
fn only_administrators_manage_people_and_the_last_one_stays() {
    let (_workspace, serving, helena) = served();
    let person = |name: &str, email: &str, role: &str| {
        let token = invite(&serving, &helena, name, email, &[("role", role)]);
        session(&accept(&serving, &token, name, PASSWORD))
    };
    let ana = person("Ana", "ana@x.com", "gestor");
    let form = [("name", "Eva"), ("email", "eva@x.com"), ("role", "administrador")];
    for path in ["/pessoas", "/pessoas/ana", "/pessoas/helena/link", "/pessoas/helena/remover"] {
        let refused = send(&serving, path, &ana, &form);
        assert_eq!(status(&refused), 403, "{path}: {refused}");
        assert_eq!(
            status(&send(&serving, path, "", &form)),
            303,
            "{path}: nobody is led to the sign-in page"
        );
    }
    for path in ["/pessoas", "/pessoas/helena"] {
        let refused = serving.ask(&format!("GET {path}"), &ana, "");
        assert!(status(&refused) == 403 && !refused.contains("helena@"), "{path}: {refused}");
    }
    assert_eq!(status(&send(&serving, "/_fn/people/list", &ana, &[])), 403);

    // A taken e-mail, a role that is none, an attribute that is none.
    for (pairs, why) in [
        (vec![("name", "Eva"), ("email", "ANA@x.com"), ("role", "leitor")], "com este e-mail"),
        (vec![("name", "Eva"), ("email", "eva"), ("role", "leitor")], "não é um e-mail"),
        (vec![("name", "Eva"), ("email", "eva@x.com"), ("role", "chefe")], "ao menos um papel"),
        (vec![("name", "Eva"), ("email", "eva@x.com")], "ao menos um papel"),
        (
            vec![("name", "Eva"), ("email", "eva@x.com"), ("role", "leitor"), ("attributes", "Curitiba")],
            "Não foi entendida: Curitiba",
        ),
    ] {
        let refused = send(&serving, "/pessoas", &helena, &pairs);
        assert!(status(&refused) == 422 && refused.contains(why), "{pairs:?}: {refused}");
    }

    // Ana becomes an administrator, from her next request on; then she can go, but not the last.
    let promoted = [("name", "Ana"), ("email", "ana@x.com"), ("role", "administrador")];
    assert_eq!(status(&send(&serving, "/pessoas/ana", &helena, &promoted)), 303);
    assert_eq!(status(&serving.ask("GET /pessoas", &ana, "")), 200);
    assert_eq!(status(&send(&serving, "/pessoas/helena/remover", &ana, &[])), 303);
    assert_eq!(status(&serving.ask("GET /pessoas", &helena, "")), 303, "her session ended");
    let demoted = [("name", "Ana"), ("email", "ana@x.com"), ("role", "leitor")];
    for (path, pairs) in [("/pessoas/ana", &demoted[..]), ("/pessoas/ana/remover", &[])] {
        let refused = send(&serving, path, &ana, pairs);
        assert!(status(&refused) == 422 && refused.contains("é a última"), "{path}: {refused}");
    }
    // Somebody who was invited and never came in is nobody to leave it to.
    let token = invite(&serving, &ana, "Rui", "rui@x.com", &[("role", "administrador")]);
    assert_eq!(status(&send(&serving, "/pessoas/ana/remover", &ana, &[])), 422);
    session(&accept(&serving, &token, "Rui", PASSWORD));
    assert_eq!(status(&send(&serving, "/pessoas/ana", &ana, &demoted)), 303);
    assert_eq!(status(&serving.ask("GET /pessoas", &ana, "")), 403);
}

#[test]
fn an_open_stream_ends_with_the_session_and_with_the_role() {
    let (workspace, serving, helena) = served();
    let files = workspace.folder("files");
    workspace.succeeds(&["source", "add", "files", "--name", "shop", "--path", files.to_str().unwrap()]);
    let token = invite(&serving, &helena, "Ana", "ana@x.com", &[("role", "curador")]);
    let first = session(&accept(&serving, &token, "Ana", PASSWORD));
    let second = session(&sign_in(&serving, "ana@x.com", PASSWORD));
    // Something is told before, so that it is a stream that ends.
    let opened = |cookie: &str| {
        let (mut stream, mut said, mut letters) =
            (serving.begin("GET /dados/ao-vivo", cookie), String::new(), [0; 1024]);
        while !said.contains("data:") {
            let count = stream.read(&mut letters).expect("an event");
            assert!(count > 0, "it ended too early: {said}");
            said.push_str(&String::from_utf8_lossy(&letters[..count]));
        }
        stream
    };
    let ends = |mut stream: TcpStream| stream.read_to_string(&mut String::new()).expect("it ends");
    let open = opened(&first);
    assert_eq!(status(&send(&serving, "/acessos/encerrar", &second, &[])), 303);
    ends(open);
    let open = opened(&second);
    let reader = [("name", "Ana"), ("email", "ana@x.com"), ("role", "leitor")];
    assert_eq!(status(&send(&serving, "/pessoas/ana", &helena, &reader)), 303);
    ends(open);
    assert_eq!(status(&serving.ask("GET /dados/ao-vivo", &second, "")), 403);
}

#[test]
fn a_forgotten_password_is_replaced_through_a_link() {
    let (_workspace, serving, helena) = served();
    let token = invite(&serving, &helena, "Ana", "ana@x.com", &[("role", "leitor")]);
    let before = session(&accept(&serving, &token, "Ana", PASSWORD));
    let again = self::token(&send(&serving, "/pessoas/ana/link", &helena, &[]));
    // Until it is used, the old password holds; making another takes the first away.
    assert_eq!(status(&sign_in(&serving, "ana@x.com", PASSWORD)), 303);
    let newer = self::token(&send(&serving, "/pessoas/ana/link", &helena, &[]));
    assert_eq!(status(&serving.ask(&format!("GET /convite?token={again}"), "", "")), 404);
    let after = session(&accept(&serving, &newer, "Somebody Else", "cinco cavalos bebem vento"));
    assert_eq!(status(&serving.ask("GET /api/v1/openapi.json", &before, "")), 401);
    assert_eq!(status(&sign_in(&serving, "ana@x.com", PASSWORD)), 422);
    let page = serving.ask("GET /acessos", &after, "");
    assert!(page.contains(">Ana<") && !page.contains("Somebody Else"), "{page}");
    // Helena has no e-mail: there is no password to set.
    let refused = send(&serving, "/pessoas/helena/link", &helena, &[]);
    assert!(status(&refused) == 422 && refused.contains("não tem e-mail"), "{refused}");
}

#[test]
fn behind_https_the_cookie_is_bound_to_the_host() {
    let workspace = Workspace::new();
    std::fs::write(
        workspace.folder("data").join("mirante.toml"),
        "public_url = \"https://kpi.empresa.com.br/\"\n",
    )
    .unwrap();
    let link = workspace.succeeds(&["user", "add", "helena", "--role", "administrador"]);
    assert!(link.starts_with("https://kpi.empresa.com.br/entrar/link?token="), "{link}");
    let serving = Serving::start(&workspace, &["--no-schedule"]);
    let (_, token) = link.trim().rsplit_once("token=").unwrap();
    let answer = serving.ask(&format!("GET /entrar/link?token={token}"), "", "");
    let cookie = session(&answer);
    assert!(cookie.starts_with("__Host-mirante_session="), "{cookie}");
    assert!(answer.contains("Path=/; HttpOnly; SameSite=Lax") && answer.contains("; Secure"), "{answer}");
    assert_eq!(status(&serving.ask("GET /api/v1/openapi.json", &cookie, "")), 200);
    let plain = cookie.replace("__Host-", "");
    assert_eq!(status(&serving.ask("GET /api/v1/openapi.json", &plain, "")), 401);
    let invited =
        send(&serving, "/pessoas", &cookie, &[("name", "Ana"), ("email", "a@x.com"), ("role", "leitor")]);
    assert!(invited.contains("https://kpi.empresa.com.br/convite?token="), "{invited}");
}

#[test]
fn an_empty_workspace_is_set_up_once_and_only_through_the_link_of_the_console() {
    let workspace = Workspace::new();
    let (serving, way_in) = Serving::start_and_hear(&workspace, &["--no-schedule"]);
    let (_, token) =
        way_in.split_once("/comecar?token=").unwrap_or_else(|| panic!("no set-up link: {way_in}"));
    assert!(way_in.starts_with("Set up: http://127.0.0.1:"), "{way_in}");
    // Nobody without the link sees that there is such a door.
    let nowhere = said(&serving.ask("GET /nao-existe", "", ""));
    assert_eq!(nowhere.0, 404);
    for path in ["GET /comecar", "GET /comecar?token=0", "POST /comecar"] {
        assert_eq!(said(&serving.ask(path, "", "")), nowhere, "{path}");
    }
    let page = serving.ask(&format!("GET /comecar?token={token}"), "", "");
    assert!(status(&page) == 200 && page.contains("Primeiros passos"), "{page}");
    let told = |change: (&'static str, &'static str)| {
        let mut pairs = vec![
            ("token", token),
            ("company", "Padaria Aurora"),
            ("language", "pt-BR"),
            ("time_zone", "America/Manaus"),
            ("name", "Rosa Lima"),
            ("email", "rosa@aurora.com.br"),
            ("password", PASSWORD),
            ("again", PASSWORD),
        ];
        pairs.iter_mut().filter(|(key, _)| *key == change.0).for_each(|pair| pair.1 = change.1);
        send(&serving, "/comecar", "", &pairs)
    };
    for (change, why) in [
        (("company", " "), "nome da empresa"),
        (("time_zone", "America/Curitiba"), "fuso horário não existe"),
        (("email", "rosa"), "não é um e-mail"),
        (("again", "outra"), "não são iguais"),
    ] {
        let refused = told(change);
        assert!(status(&refused) == 422 && refused.contains(why), "{change:?}: {refused}");
    }
    assert_eq!(said(&told(("token", "0"))), nowhere);
    let done = told(("", ""));
    let rosa = session(&done);
    assert!(status(&done) == 303 && done.contains("location: /comece-aqui"), "{done}");
    // The door is gone, with the link and with any other.
    for path in [format!("GET /comecar?token={token}"), "GET /comecar".to_owned()] {
        assert_eq!(said(&serving.ask(&path, "", "")), nowhere);
    }
    assert_eq!(said(&told(("email", "outra@aurora.com.br"))), nowhere);
    let listed = workspace.succeeds(&["user", "list"]);
    assert_eq!(listed.trim_end_matches('\n'), "rosa\tRosa Lima\tadministrador\t");
    let settings = workspace.succeeds(&["workspace"]);
    assert!(settings.contains("Padaria Aurora") && settings.contains("America/Manaus"), "{settings}");
    assert!(settings.contains("language\tpt-BR"), "{settings}");
    let start = serving.ask("GET /comece-aqui", &rosa, "");
    for expected in ["Conectar uma fonte", "Enviar uma planilha", "mirante demo", "Convidar uma pessoa"] {
        assert!(start.contains(expected), "{expected}: {start}");
    }
    assert!(serving.ask("GET /", &rosa, "").contains("location: /comece-aqui"));
    assert_eq!(status(&sign_in(&serving, "rosa@aurora.com.br", PASSWORD)), 303);
    drop(serving);
    let (_serving, way_in) = Serving::start_and_hear(&workspace, &["--no-schedule"]);
    assert!(way_in.starts_with("Sign in: ") && way_in.ends_with("/entrar"), "{way_in}");
}
