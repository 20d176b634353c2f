//! The words of the installed app: the stand-in for pages, and what the scripts of a page announce, in both languages.
//!
//! Invariant: as in `words`, both languages are values of one struct.

use locale::Lang;

pub struct Words {
    pub no_signal: &'static str,
    pub unplugged: &'static str,
    pub silent: &'static str,
    pub comes_by_itself: &'static str,
    pub last_contact: &'static str,
    pub reload: &'static str,
    pub asking: &'static str,
    pub still_nothing: &'static str,
    pub leave: &'static str,
    pub leave_more: &'static str,
    pub left: &'static str,
    pub left_more: &'static str,
    pub data_as_of: &'static str,
    pub needs_server: &'static str,
    pub needs_server_more: &'static str,
    pub new_version: &'static str,
    pub update: &'static str,
    pub later: &'static str,
    pub install_offer: &'static str,
    pub install: &'static str,
    pub not_now: &'static str,
    pub install_by_hand: &'static str,
    pub understood: &'static str,
}

impl Words {
    pub fn of(lang: Lang) -> &'static Words {
        lang.pick(&PT, &EN)
    }
}

const PT: Words = Words {
    no_signal: "Sem conexão",
    unplugged: "Este aparelho está sem internet.",
    silent: "O servidor do Mirante não respondeu.",
    comes_by_itself: "A página abre sozinha assim que a conexão voltar.",
    last_contact: "Último contato com o servidor:",
    reload: "Recarregar",
    asking: "Procurando o servidor…",
    still_nothing: "Ainda sem resposta às",
    leave: "Sair deste aparelho",
    leave_more: "Apaga o que este aparelho guardou. A sessão termina no servidor assim que houver conexão.",
    left: "Você saiu deste aparelho",
    left_more: "O que ele guardava foi apagado. Como está sem conexão, a sessão termina no servidor assim que ela voltar; até lá, nenhuma página abre aqui.",
    data_as_of: "dados de",
    needs_server: "Nada foi enviado.",
    needs_server_more: "Isto precisa do servidor, que está sem conexão. O que você escreveu continua na página.",
    new_version: "Há uma versão nova do Mirante.",
    update: "Atualizar",
    later: "Depois",
    install_offer: "Ter o Mirante na tela inicial, em tela cheia?",
    install: "Instalar",
    not_now: "Agora não",
    install_by_hand: "Para ter o Mirante na tela inicial, toque em Compartilhar e depois em “Adicionar à Tela de Início”.",
    understood: "Entendi",
};

const EN: Words = Words {
    no_signal: "No connection",
    unplugged: "This device is not connected to the internet.",
    silent: "The Mirante server did not answer.",
    comes_by_itself: "The page opens by itself as soon as the connection is back.",
    last_contact: "Last contact with the server:",
    reload: "Reload",
    asking: "Looking for the server…",
    still_nothing: "Still no answer at",
    leave: "Sign out of this device",
    leave_more: "Erases what this device has kept. The session ends on the server as soon as there is a connection.",
    left: "You have signed out of this device",
    left_more: "What it had kept is erased. As there is no connection, the session ends on the server as soon as it is back; until then no page opens here.",
    data_as_of: "data as of",
    needs_server: "Nothing was sent.",
    needs_server_more: "This needs the server, which cannot be reached. What you typed is still on the page.",
    new_version: "There is a new version of Mirante.",
    update: "Update",
    later: "Later",
    install_offer: "Have Mirante on your home screen, full screen?",
    install: "Install",
    not_now: "Not now",
    install_by_hand: "To have Mirante on your home screen, tap Share and then “Add to Home Screen”.",
    understood: "Got it",
};
