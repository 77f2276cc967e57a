//! Room for formats that wait until another one is written: a file that nobody can name, sealed under a key of its own.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use locard_bundle::{NewScratch, Scratch};
use locard_store::DsarKey;
use zeroize::Zeroizing;

use crate::keep::{Opening, Sealing};

/// Gives scratch space: written once, then read once from its beginning.
pub(super) fn scratch() -> NewScratch {
    Box::new(|| {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice())
            .map_err(|_| io::Error::other("this machine gives no random numbers"))?;
        let key = DsarKey::new(key);
        let file = tempfile::tempfile()?;
        let sealing = Sealing::new(BufWriter::new(file), &key, NAME)?;
        let scratch: Box<dyn Scratch> = Box::new(Room {
            key,
            side: Side::Written(sealing),
        });
        Ok(scratch)
    })
}

const NAME: &str = "scratch";

struct Room {
    key: DsarKey,
    side: Side,
}

enum Side {
    Written(Sealing<BufWriter<File>>),
    Read(Opening<BufReader<File>>),
    Broken,
}

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.side {
            Side::Written(sealing) => sealing.write(bytes),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Room {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.side {
            Side::Read(opening) => opening.read(buffer),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Seek for Room {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let side = std::mem::replace(&mut self.side, Side::Broken);
        let (Side::Written(sealing), SeekFrom::Start(0)) = (side, to) else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let file = sealing.finish()?.into_inner();
        let mut file = file.map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.side = Side::Read(Opening::new(BufReader::new(file), &self.key, NAME)?);
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let mut room = scratch()().unwrap();
        room.write_all(&vec![7; 200_000]).unwrap();
        room.seek(SeekFrom::Start(0)).unwrap();
        let mut read = Vec::new();
        room.read_to_end(&mut read).unwrap();
        assert!(read == vec![7; 200_000]);
    }
}
