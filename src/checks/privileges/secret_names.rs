//! Which columns hold secrets: what names say.

use crate::catalog::{Column, Table, TypeKind};

/// What a column holds by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    /// A password, a hash of a secret, a one-time code: nobody has use for it but the server.
    Credential,
    /// A key or token to something: who reads it can act with it.
    Key,
    /// Something of that kind whose use lies in being shown to somebody, as an invitation's token; or which is encrypted.
    Shown,
}

impl Secret {
    /// Why it is taken for one.
    #[must_use]
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Credential => "its name says that it holds a password, the hash of a secret, or a one-time code",
            Self::Key => "its name says that it holds a key or token that others can act with",
            Self::Shown => "its name says that it holds a token made to be passed on, or an encrypted secret",
        }
    }
}

/// What `column` of `table` holds, if that is a secret.
#[must_use]
pub(super) fn secret(table: &Table, column: &Column) -> Option<Secret> {
    let data_type = column.data_type.unwrapped();
    let several = matches!(&data_type.kind, TypeKind::Array(element) if element.is_text());
    if !(data_type.is_text() || data_type.name == "bytea" || several) {
        return None;
    }
    // A column that refers to a row names it.
    let refers = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    if refers { None } else { named(&words(&table.name.name), &words(&column.name), several) }
}

/// What comes last in a name that is *about* a secret: `password_changed_at`, `token_type`, `key_prefix`.
const ABOUT: &str = "id ids count counts type kind name label url uri at by on expires expiry ttl length limit version algorithm \
    algo method strategy policy required enabled changed status scope scopes description placeholder prefix suffix hint \
    preview masked address symbol index position order path field column ref reference question format class tokens \
    last4 fingerprint provider usage";

/// What makes a key, token or hash one that anybody may know: `public_key`, `idempotency_key`, `content_hash`.
const OPEN: &str = "public publishable anon idempotency idempotent storage object file cache s3 sort partition primary foreign \
    translation lookup dedupe dedup routing shard page pagination cursor sync next continuation unsubscribe share shared \
    csrf device push fcm apns expo max min total used usage remaining prefix hint masked blur content commit block tx \
    transaction image natural business registry config setting settings feature flag metric i18n locale vapid";

fn named(table: &[String], column: &[String], several: bool) -> Option<Secret> {
    let has = |list: &str| column.iter().any(|word| is_listed(list, word));
    let of_table = |list: &str| table.iter().any(|word| is_listed(list, word));
    let last = column.last().map(String::as_str)?;
    if several && !(has("recovery backup") && has("codes code")) {
        return None;
    }
    if is_listed(ABOUT, last) || has("public publishable") {
        return None;
    }
    let found = credential(&has, &of_table).or_else(|| key(column, last, &has, &of_table))?;
    let passed_on = has("invite invitation invitations") || of_table("invite invites invitation invitations");
    let password = has("password passwd passphrase passcode pwd");
    if passed_on && !password {
        return Some(Secret::Shown);
    }
    let sealed = has("encrypted ciphertext cipher enc sealed") && !password;
    Some(if sealed { Secret::Shown } else { found })
}

fn credential(has: &dyn Fn(&str) -> bool, of_table: &dyn Fn(&str) -> bool) -> Option<Secret> {
    let password =
        has("password passwd passphrase passcode pwd passwordhash mnemonic") || (has("seed") && has("phrase"));
    let code = has("otp totp") || (has("recovery backup") && has("code codes")) || (has("pin") && has("code hash"));
    let hashed = has("hash hashed digest hmac") && !has(OPEN);
    let of_secret = has("token key secret apikey session refresh")
        || (of_table("token tokens secret secrets credential credentials password passwords")
            || (of_table("key keys") && of_table("api access")));
    (password || code || (hashed && of_secret)).then_some(Secret::Credential)
}

fn key(column: &[String], last: &str, has: &dyn Fn(&str) -> bool, of_table: &dyn Fn(&str) -> bool) -> Option<Secret> {
    const SERVICES: &str = "openai anthropic gemini mistral groq azure aws google github gitlab stripe twilio sendgrid resend mailgun \
        slack discord telegram openrouter perplexity cohere replicate deepgram elevenlabs";
    // What a payment is confirmed with is made for the customer's browser.
    let of_payment = (has("client") && has("payment intent setup stripe checkout"))
        || (has("client") && of_table("payment payments checkout checkouts intent intents order orders"));
    if has("secret secrets credential credentials") && !of_payment {
        return Some(Secret::Key);
    }
    if has("apikey secretkey privatekey accesstoken refreshtoken authtoken") || (has("connection") && has("string")) {
        return Some(Secret::Key);
    }
    if has(OPEN) {
        return None;
    }
    let bare = column.len() == 1;
    let is =
        |word: &str| last == word || (has(word) && is_listed("value encrypted ciphertext plaintext raw plain", last));
    if is("key") {
        let telling = has("api secret private encryption signing access service auth master webhook license_signing")
            || has(SERVICES);
        return (telling || (bare && of_table("api") && of_table("key keys"))).then_some(Secret::Key);
    }
    if is("token") || last == "jwt" {
        let telling = has(
            "access refresh api auth bearer session bot provider personal private jwt oauth oauth2 reset verification verify \
             confirmation confirm magic login signin webhook service id",
        ) || has(SERVICES);
        let told = of_table(
            "session sessions refresh verification verifications reset resets api oauth credential credentials \
             password passwords magic login integration integrations webhook webhooks account accounts",
        );
        return Some(if telling || last == "jwt" || (bare && told) { Secret::Key } else { Secret::Shown })
            .filter(|_| telling || told || !of_table("coin coins wallet wallets trade trades balance balances price prices usage embedding embeddings"));
    }
    None
}

/// Whether `list`, words between spaces, has this word.
fn is_listed(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

/// The words of a name in lower case: `apiKey_hash` is `api`, `key`, `hash`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let mut lower_before = false;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            open = false;
            continue;
        }
        if !open || (lower_before && character.is_uppercase()) {
            words.push(String::new());
        }
        open = true;
        lower_before = character.is_lowercase() || character.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(table: &str, column: &str) -> Option<Secret> {
        named(&words(table), &words(column), false)
    }

    #[test]
    fn what_only_the_server_needs_is_a_credential() {
        for (table, column) in [
            ("users", "password"),
            ("users", "encrypted_password"),
            ("users", "hashedPassword"),
            ("api_keys", "key_hash"),
            ("api_keys", "hash"),
            ("refresh_tokens", "token_hash"),
            ("mfa", "totp_secret"),
            ("phones", "otp_code"),
        ] {
            assert_eq!(of(table, column), Some(Secret::Credential), "{table}.{column}");
        }
    }

    #[test]
    fn what_others_can_act_with_is_a_key() {
        for (table, column) in [
            ("integrations", "access_token"),
            ("integrations", "refreshToken"),
            ("webhooks", "signing_secret"),
            ("webhooks", "secret"),
            ("profiles", "openai_api_key"),
            ("settings", "stripe_secret_key"),
            ("api_keys", "key"),
            ("accounts", "id_token"),
            ("sessions", "token"),
        ] {
            assert_eq!(of(table, column), Some(Secret::Key), "{table}.{column}");
        }
    }

    #[test]
    fn a_token_made_to_be_passed_on_is_told_apart() {
        for (table, column) in [
            ("invitations", "token"),
            ("teams", "invite_token"),
            ("integrations", "encrypted_api_key"),
            ("feeds", "calendar_token"),
        ] {
            assert_eq!(of(table, column), Some(Secret::Shown), "{table}.{column}");
        }
    }

    #[test]
    fn what_is_about_a_secret_or_anybodys_is_none() {
        for (table, column) in [
            ("usage", "tokens_used"),
            ("models", "max_tokens"),
            ("users", "password_changed_at"),
            ("users", "password_hint"),
            ("api_keys", "key_prefix"),
            ("api_keys", "key_name"),
            ("keys", "public_key"),
            ("payments", "idempotency_key"),
            ("files", "storage_key"),
            ("files", "content_hash"),
            ("commits", "hash"),
            ("images", "blur_hash"),
            ("settings", "key"),
            ("features", "key"),
            ("devices", "push_token"),
            ("accounts", "token_type"),
            ("wallets", "token"),
            ("pages", "next_page_token"),
            ("documents", "share_token"),
            ("aws", "access_key_id"),
            ("payments", "client_secret"),
            ("vault", "secret_id"),
            ("people", "keyboard"),
        ] {
            assert_eq!(of(table, column), None, "{table}.{column}");
        }
    }
}
