//! What a program that nobody trusts keeps in its folder: how much that is, and removing it.
//!
//! **Invariant:** no link is followed, also not one that takes the place of what was looked at a
//! moment ago, and however deep folders lie, only so many are open at a time.

use std::{
    collections::HashSet,
    ffi::CStr,
    io,
    os::fd::{BorrowedFd, OwnedFd},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::{
    fs::{
        AtFlags, CWD, Dir, FileType, Mode, OFlags, chmodat, fchmod, openat, renameat, statat,
        unlinkat,
    },
    io::Errno,
};

/// So many folders are open at a time, one inside the other. Package managers nest a dozen.
const DEPTH: usize = 128;
/// What is there counts for so much at least: a million empty files fill a disk, too. So whoever
/// counts up to a number of bytes looks at a bounded number of things.
const LEAST: u64 = 4096;
/// In blocks of so many bytes systems tell what a file takes.
const BLOCK: u64 = 512;

/// How much a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// So many bytes of the disk.
    Bytes(u64),
    /// More than was asked about.
    TooMuch,
    /// Nobody can tell: folders lie too deep inside one another.
    TooDeep,
    /// Nobody can tell: something in there cannot be read.
    Closed,
    /// Nobody can tell yet: whoever asked gave up.
    GivenUp,
}

/// Counts what `folder` takes of the disk, up to `most` bytes; a folder that is not there holds
/// nothing. A file with several names counts once, and nothing counts for less than 4 KiB. Blocks the
/// thread; ends soon after `given_up` was set.
pub fn holding(folder: &Path, most: u64, given_up: &AtomicBool) -> Holding {
    let count = Count { bytes: 0, most, several: HashSet::new(), given_up };
    match count.all(folder) {
        Ok(holding) => holding,
        Err(Errno::NOENT) => Holding::Bytes(0),
        Err(_) => Holding::Closed,
    }
}

struct Count<'a> {
    bytes: u64,
    most: u64,
    /// Files with several names that were counted.
    several: HashSet<(u64, u64)>,
    given_up: &'a AtomicBool,
}

impl Count<'_> {
    fn all(mut self, folder: &Path) -> rustix::io::Result<Holding> {
        let mut open = vec![Dir::new(open(CWD, folder)?)?];
        while let Some(inside) = open.last_mut() {
            if self.given_up.load(Ordering::Relaxed) {
                return Ok(Holding::GivenUp);
            }
            let Some(name) = next_name(inside)? else {
                open.pop();
                continue;
            };
            let found = match self.look(inside.fd()?, &name) {
                // It went away, or became something else, while it was looked at.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                found => found?,
            };
            if self.bytes > self.most {
                return Ok(Holding::TooMuch);
            }
            match found {
                Some(_) if open.len() == DEPTH => return Ok(Holding::TooDeep),
                Some(deeper) => open.push(Dir::new(deeper)?),
                None => (),
            }
        }
        Ok(Holding::Bytes(self.bytes))
    }

    /// Counts one thing; a folder is opened.
    fn look(&mut self, inside: BorrowedFd<'_>, name: &CStr) -> rustix::io::Result<Option<OwnedFd>> {
        let stat = statat(inside, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        #[expect(clippy::useless_conversion, reason = "systems have other types there")]
        let (links, device) = (u64::from(stat.st_nlink), u64::from(stat.st_dev));
        if is_folder || links < 2 || self.several.insert((device, stat.st_ino)) {
            let blocks = u64::try_from(stat.st_blocks).unwrap_or_default();
            self.bytes = self.bytes.saturating_add(blocks.saturating_mul(BLOCK).max(LEAST));
        }
        if is_folder { open(inside, name).map(Some) } else { Ok(None) }
    }
}

/// Removes a folder with all that is in it, however deep and whatever it forbids. Nobody may be
/// changing it any more. What is not there is removed. Blocks the thread.
///
/// # Errors
/// When something stays.
pub fn remove(folder: &Path) -> io::Result<()> {
    let root = match open(CWD, folder) {
        Err(Errno::NOENT) => return Ok(()),
        root => root?,
    };
    fchmod(&root, Mode::RWXU)?;
    let mut moved = 0;
    loop {
        let before = moved;
        clear(&root, &mut moved)?;
        // What lay too deep lies at the top now.
        if moved == before {
            break;
        }
    }
    Ok(unlinkat(CWD, folder, AtFlags::REMOVEDIR)?)
}

/// Removes what is in `root`, but for what lies too deep: that is moved to the top.
fn clear(root: &OwnedFd, moved: &mut u64) -> rustix::io::Result<()> {
    let mut inside = vec![(Dir::read_from(root)?, c"".to_owned())];
    loop {
        let depth = inside.len();
        let Some((here, _)) = inside.last_mut() else { return Ok(()) };
        let Some(name) = next_name(here)? else {
            let Some((_, emptied)) = inside.pop() else { return Ok(()) };
            if let Some((around, _)) = inside.last() {
                unlinkat(around.fd()?, &*emptied, AtFlags::REMOVEDIR)?;
            }
            continue;
        };
        let here = here.fd()?;
        let stat = statat(here, &*name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            unlinkat(here, &*name, AtFlags::empty())?;
            continue;
        }
        let deeper = reopen(here, &name)?;
        if depth < DEPTH {
            inside.push((Dir::new(deeper)?, name));
        } else {
            move_up(here, &name, root, moved)?;
        }
    }
}

/// Moves a folder into `root`, under a name that nothing has there.
fn move_up(
    inside: BorrowedFd<'_>,
    name: &CStr,
    root: &OwnedFd,
    moved: &mut u64,
) -> rustix::io::Result<()> {
    loop {
        *moved += 1;
        match renameat(inside, name, root, format!(".deeper-{moved}").as_str()) {
            Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => (),
            done => return done,
        }
    }
}

/// Opens a folder, and sees to it that its own people may do with it what they like.
fn reopen(inside: BorrowedFd<'_>, name: &CStr) -> rustix::io::Result<OwnedFd> {
    let opened = match open(inside, name) {
        Err(Errno::ACCESS) => {
            chmodat(inside, name, Mode::RWXU, AtFlags::empty())?;
            open(inside, name)?
        }
        opened => opened?,
    };
    fchmod(&opened, Mode::RWXU)?;
    Ok(opened)
}

fn open<P: rustix::path::Arg>(
    inside: impl std::os::fd::AsFd,
    path: P,
) -> rustix::io::Result<OwnedFd> {
    let how = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(inside, path, how, Mode::empty())
}

/// The next name in a folder that is neither itself nor the one around it.
fn next_name(inside: &mut Dir) -> rustix::io::Result<Option<std::ffi::CString>> {
    loop {
        let Some(entry) = inside.next() else { return Ok(None) };
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            return Ok(Some(entry.file_name().to_owned()));
        }
    }
}

#[cfg(test)]
mod tests;
