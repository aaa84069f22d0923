//! Which IP addresses belong to the public internet.
//!
//! **Invariant:** an address that hides another one (v4-mapped, NAT64) is judged by the hidden one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// The metadata services of cloud machines, which hand out credentials to whoever asks.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254)),
];

/// The blocks of IPv4 that are not public (IANA special-purpose registry).
const CLOSED_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
    v4(255, 255, 255, 255, 32),
];

/// The only block of IPv6 from which public addresses are given out.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// What is special inside [`GLOBAL_V6`]: protocol assignments with Teredo and ORCHID,
/// documentation (two blocks) and 6to4, which would tunnel to an IPv4 address of the sender's choice.
const CLOSED_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0], 23),
    v6([0x2001, 0x0db8, 0, 0], 32),
    v6([0x2002, 0, 0, 0], 16),
    v6([0x3fff, 0, 0, 0], 20),
];

/// The well-known prefix of NAT64 (RFC 6052): the last 32 bits are an IPv4 address.
const NAT64: Ipv6Net = v6([0x0064, 0xff9b, 0, 0], 96);

/// Whether `ip` belongs to the public internet.
pub fn is_public(ip: IpAddr) -> bool {
    match canonical(ip) {
        IpAddr::V4(ip) => !CLOSED_V4.iter().any(|net| net.contains(&ip)),
        IpAddr::V6(ip) => GLOBAL_V6.contains(&ip) && !CLOSED_V6.iter().any(|net| net.contains(&ip)),
    }
}

/// Whether `ip` is a cloud machine's metadata service.
pub fn is_metadata(ip: IpAddr) -> bool {
    METADATA.contains(&canonical(ip))
}

/// The address that packets to `ip` end up at.
fn canonical(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = ip else { return ip };
    if NAT64.contains(&six) {
        let [.., a, b, c, d] = six.octets();
        return IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    }
    ip.to_canonical()
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(head: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = head;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        let closed = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 \
            169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 \
            198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.250 \
            240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 \
            ::ffff:0:127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 \
            2001:10::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1 fd00::1 \
            fe80::1 fec0::1 ff02::1";
        for text in closed.split_whitespace() {
            assert!(!is_public(text.parse().unwrap()), "{text} is not public");
        }
        let open = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 \
            198.17.0.1 223.255.255.255 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2606:4700::1111 \
            2a00:1450:4001::1";
        for text in open.split_whitespace() {
            assert!(is_public(text.parse().unwrap()), "{text} is public");
        }
    }

    #[test]
    fn metadata_services_are_known_in_every_disguise() {
        for text in ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"] {
            assert!(is_metadata(text.parse().unwrap()), "{text}");
        }
        assert!(!is_metadata("169.254.1.2".parse().unwrap()));
    }
}
