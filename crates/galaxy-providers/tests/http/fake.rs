//! A server of raw bytes: what it says, and where it breaks off, is exact.

use std::{net::SocketAddr, sync::Arc};

use galaxy_base::Tasks;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
};

/// What the server does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Says this and keeps the connection.
    Say(String),
    /// Says this, then ends the connection in an orderly way.
    End(String),
    /// Says this, then resets the connection.
    Reset(String),
    /// Says this, waits to be told, then resets the connection.
    ResetAfter(String, Arc<Notify>),
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Heard {
    /// Which connection it came on, counted from one.
    pub(crate) connection: usize,
    /// Request line and headers, lower case.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// A running server.
pub(crate) struct Fake {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What it was sent.
    pub(crate) heard: mpsc::Receiver<Heard>,
}

/// Starts a server that answers each request with the next of `replies`.
pub(crate) async fn start(tasks: &Tasks, replies: Vec<Reply>) -> Fake {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tx, heard) = mpsc::channel(replies.len().max(1));
    tasks.spawn(async move {
        let mut replies = replies.into_iter();
        let mut connection = 0;
        while replies.len() > 0 {
            let (mut socket, _) = listener.accept().await.unwrap();
            connection += 1;
            while let Some((head, body)) = request(&mut socket).await {
                let reply = replies.next().expect("no more requests than replies");
                tx.send(Heard { connection, head, body }).await.unwrap();
                if !say(&mut socket, reply).await {
                    break;
                }
            }
        }
    });
    Fake { address, heard }
}

/// Gives the reply; tells whether the connection goes on.
async fn say(socket: &mut TcpStream, reply: Reply) -> bool {
    let (Reply::Say(text) | Reply::End(text) | Reply::Reset(text) | Reply::ResetAfter(text, _)) =
        &reply;
    socket.write_all(text.as_bytes()).await.unwrap();
    match reply {
        Reply::Say(_) => return true,
        Reply::End(_) => return false,
        Reply::Reset(_) => (),
        Reply::ResetAfter(_, told) => told.notified().await,
    }
    socket.set_zero_linger().unwrap();
    false
}

/// A streamed response in two chunks, its end included.
pub(crate) fn streamed(content_type: &str, body: &str) -> String {
    let middle = body.char_indices().nth(body.chars().count() / 2).map_or(0, |(at, _)| at);
    let (left, right) = body.split_at(middle);
    let head = head(200, &format!("content-type: {content_type}\r\ntransfer-encoding: chunked"));
    format!("{head}{:x}\r\n{left}\r\n{:x}\r\n{right}\r\n0\r\n\r\n", left.len(), right.len())
}

/// A whole response.
pub(crate) fn whole(status: u16, headers: &str, body: &str) -> String {
    head(status, &format!("{headers}\r\ncontent-length: {}", body.len())) + body
}

/// The head of a response.
pub(crate) fn head(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} Word\r\n{}\r\n\r\n", headers.trim())
}

async fn request(socket: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |it| it.parse().unwrap());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        socket.read_buf(&mut body).await.ok()?;
    }
    Some((head, body))
}
