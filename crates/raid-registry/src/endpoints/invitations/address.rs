//! Addresses that mail can be sent to.

use raid_model::{ErrorType, Failure};

/// Longest address (RFC 5321 §4.5.3.1.3, less the angle brackets).
const MAX_ADDRESS: usize = 254;
/// Longest part before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

/// An address that mail can be sent to; whether it reaches anybody, only sending tells.
pub(super) fn address(email: Option<&str>) -> (String, Vec<Failure>) {
    let email = email.unwrap_or_default().trim();
    let (error_type, message) = if email.is_empty() {
        (ErrorType::NotSet, "field must be set")
    } else if is_address(email) {
        return (email.to_owned(), Vec::new());
    } else {
        let message = "has invalid/unsupported value - write an address such as name@example.org";
        (ErrorType::InvalidValue, message)
    };
    let failure = Failure {
        field_id: "email".to_owned(),
        error_type,
        message: message.to_owned(),
    };
    (String::new(), vec![failure])
}

fn is_address(text: &str) -> bool {
    // The forms that people have: no quotes, comments, or literal IP addresses.
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"()<>[]:;@\\,\"".contains(c);
    let is_dotted = |part: &str| part.split('.').all(|atom| !atom.is_empty());
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    text.len() <= MAX_ADDRESS
        && local.len() <= MAX_LOCAL_PART
        && is_dotted(local)
        && local.chars().all(is_plain)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_that_mail_can_be_sent_to() {
        for good in [
            "name@example.org",
            "first.last+raid@sub.example.org",
            "o'neill@example.org",
            "jürgen@bücher.example",
        ] {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}@example.org", "x".repeat(65));
        for bad in [
            "name",
            "@example.org",
            "name@",
            "name@localhost",
            "na me@example.org",
            "a@b@example.org",
            "name@exa mple.org",
            "name@-example.org",
            "name@example..org",
            ".name@example.org",
            "name@example.org\r\nBcc: x@example.org",
            "Name <name@example.org>",
            long.as_str(),
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }
}
