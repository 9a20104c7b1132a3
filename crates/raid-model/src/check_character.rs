//! The check character of ORCID iDs and ISNIs: ISO/IEC 7064, MOD 11-2.

/// The check character of 15 ASCII digits: `0`–`9` or `X`. `None` if one is not a digit.
pub(crate) fn mod_11_2(digits: &[u8]) -> Option<u8> {
    let mut total: u32 = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        total = (total + u32::from(digit - b'0')) * 2 % 11;
    }
    Some(match (12 - total) % 11 {
        10 => b'X',
        // Below 10, so it fits.
        check => b'0' + u8::try_from(check).ok()?,
    })
}
