//! What a person is asked before WhatsApp can be received and read.
//!
//! Invariant: every parameter that the source reads is declared here.

use contract::sources::{Parameter, SourceKind, Takes};
use kpi::definition::Label;

pub const KIND: &str = "whatsapp";

pub fn kind() -> SourceKind {
    let said = |pt: &str, en: &str| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
    SourceKind {
        kind: KIND.to_owned(),
        title: said("WhatsApp Business (Cloud API)", "WhatsApp Business (Cloud API)"),
        about: said(
            "Mensagens, entregas e contatos assim que a Meta os envia ao endereço /hooks/<nome>; com um token, também volumes e custos. \
             Guarda só metadados, sem o texto das mensagens, a menos que se peça.",
            "Messages, statuses and contacts as soon as Meta sends them to the address /hooks/<name>; with a token, volumes and costs too. \
             Keeps metadata only, without the text of messages, unless it is asked for.",
        ),
        parameters: receiving().into_iter().chain(asking()).collect(),
        promised_minutes: 15,
    }
}

fn receiving() -> [Parameter; 4] {
    [
        Parameter::required(
            "app_secret",
            Takes::Secret,
            ("Chave secreta do app", "App secret"),
            (
                "No painel do app, em Configurações > Básico. Confere a assinatura de cada entrega.",
                "In the app's dashboard, under Settings > Basic. It proves the signature of each delivery.",
            ),
        ),
        Parameter::required(
            "verify_token",
            Takes::Secret,
            ("Token de verificação", "Verify token"),
            (
                "Uma senha que você inventa e repete no painel do app ao cadastrar o endereço /hooks/<nome> e o campo messages.",
                "A password that you make up and repeat in the app's dashboard with the address /hooks/<name> and the field messages.",
            ),
        ),
        Parameter::optional(
            "phone_number_ids",
            Takes::Text,
            ("Ids dos números", "Phone number ids"),
            (
                "Só mensagens destes números, separados por espaço; vazio toma todos os do app.",
                "Only messages of these numbers, separated by blanks; empty takes all of the app.",
            ),
        ),
        Parameter::with_default(
            "store_text",
            Takes::Flag,
            "false",
            ("Guardar o texto", "Store texts"),
            (
                "LGPD: por padrão só metadados são guardados. Com true, o conteúdo das mensagens também; ele é dado pessoal.",
                "LGPD: by default only metadata are kept. With true the content of messages, too; it is personal data.",
            ),
        ),
    ]
}

fn asking() -> [Parameter; 4] {
    [
        Parameter::optional(
            "waba_id",
            Takes::Text,
            ("Id da conta (WABA)", "Account id (WABA)"),
            (
                "Da conta do WhatsApp Business; só para volumes e custos.",
                "Of the WhatsApp Business account; for volumes and costs only.",
            ),
        ),
        Parameter::optional(
            "access_token",
            Takes::Secret,
            ("Token de acesso", "Access token"),
            (
                "De um usuário do sistema, com a permissão whatsapp_business_management; só para volumes e custos.",
                "Of a system user with the permission whatsapp_business_management; for volumes and costs only.",
            ),
        ),
        Parameter::with_default(
            "graph_version",
            Takes::Text,
            "v25.0",
            ("Versão da Graph API", "Graph API version"),
            ("Como v25.0; cada uma vive cerca de dois anos.", "Such as v25.0; each lives about two years."),
        ),
        Parameter::with_default(
            "address",
            Takes::Address,
            "https://graph.facebook.com",
            ("Endereço", "Address"),
            ("Só mude para testes.", "Change it for tests only."),
        ),
    ]
}
