//! Where what is kept lies, as the kernel tells it: sealed media and records belong on an encrypted disk that no other program copies
//! away (EV-13).

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::config::Settings;
use crate::plan;

/// What is wrong with a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The kernel does not say that the disk is encrypted.
    Unencrypted(String),
    /// Another program copies what lies there away.
    Synced(String),
    /// It lies on another machine.
    Network(String),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unencrypted(what) => write!(f, "no encryption of its disk is to be seen ({what})"),
            Self::Synced(what) => write!(f, "another program copies it away ({what})"),
            Self::Network(what) => write!(f, "it lies on a network file system ({what})"),
        }
    }
}

/// File systems that are another machine's.
const NETWORK: [&str; 16] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "davfs",
    "fuse.davfs2",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "glusterfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
];
/// File systems that encrypt by themselves.
const ENCRYPTED: [&str; 5] = ["ecryptfs", "fuse.cryfs", "fuse.encfs", "fuse.gocryptfs", "fuse.securefs"];
/// Folders that programs for copying make, by the beginning of their names.
const FOLDERS: [&str; 10] = [
    "Dropbox",
    "Google Drive",
    "GoogleDrive",
    "MEGA",
    "Nextcloud",
    "OneDrive",
    "iCloud Drive",
    "ownCloud",
    "pCloudDrive",
    "Syncthing",
];
/// What such programs leave in a folder that they copy, by the beginning of its name.
const MARKS: [&str; 8] = [
    ".dropbox",
    ".nextcloudsync.log",
    ".owncloudsync.log",
    ".stfolder",
    ".stversions",
    ".sync_",
    "._sync_",
    ".tmp.driveupload",
];

/// The machine, as far as it is asked; a test has one of its own.
#[derive(Clone, Debug)]
pub struct Machine {
    root: PathBuf,
}

impl Default for Machine {
    fn default() -> Self {
        Self { root: PathBuf::from("/") }
    }
}

/// A line of `/proc/self/mountinfo`.
struct Mount {
    device: String,
    point: PathBuf,
    kind: String,
    source: String,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(2);
        let device = before.next()?.to_owned();
        let point = PathBuf::from(unescaped(before.nth(1)?));
        let mut after = after.split(' ');
        Some(Self { device, point, kind: after.next()?.to_owned(), source: unescaped(after.next()?) })
    }
}

/// Spaces and the like are written as `\040`.
fn unescaped(text: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

impl Machine {
    /// A machine whose `/proc` and `/sys` lie under this folder.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Everything that is wrong with where this path lies. It need not be there yet.
    pub fn faults(&self, path: &Path) -> Vec<Fault> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let there = path.ancestors().find_map(|folder| fs::canonicalize(folder).ok()).unwrap_or(path);
        let mut faults: Vec<Fault> = synced(&there).into_iter().map(Fault::Synced).collect();
        match self.mount(&there) {
            None => faults.push(Fault::Unencrypted("the kernel does not say what is mounted".to_owned())),
            Some(mount) if NETWORK.contains(&mount.kind.as_str()) => faults.push(Fault::Network(mount.kind)),
            Some(mount) if ENCRYPTED.contains(&mount.kind.as_str()) || self.is_encrypted(&mount) => {}
            Some(mount) => faults.push(Fault::Unencrypted(format!("{} on {}", mount.kind, mount.source))),
        }
        faults
    }

    /// What is mounted where this path lies: of the deepest points the last one, which hides those before.
    fn mount(&self, path: &Path) -> Option<Mount> {
        let text = fs::read_to_string(self.root.join("proc/self/mountinfo")).ok()?;
        let mounts = text.lines().filter_map(Mount::parse).filter(|mount| path.starts_with(&mount.point));
        mounts.max_by_key(|mount| mount.point.components().count())
    }

    /// Whether a block device lies behind it that is dm-crypt's, or that lies wholly on such.
    fn is_encrypted(&self, mount: &Mount) -> bool {
        let sys = self.root.join("sys");
        // btrfs has a number that is no device's: then its source is asked, which may be a link in /dev/mapper.
        let source = self.root.join(mount.source.trim_start_matches('/'));
        let name = fs::canonicalize(source).ok().and_then(|to| Some(to.file_name()?.to_owned()));
        let by_number = sys.join("dev/block").join(&mount.device);
        let by_name = name.map(|name| sys.join("class/block").join(name));
        [Some(by_number), by_name].into_iter().flatten().any(|device| crypted(&device, 0))
    }
}

fn crypted(device: &Path, depth: u32) -> bool {
    if fs::read_to_string(device.join("dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-")) {
        return true;
    }
    let Ok(below) = fs::read_dir(device.join("slaves")) else { return false };
    let mut below = below.filter_map(Result::ok).map(|one| one.path()).peekable();
    // A volume over several disks is as open as the most open of them.
    depth < 8 && below.peek().is_some() && below.all(|one| crypted(&one, depth + 1))
}

/// The sign that a program copies this folder, or one above it, away.
fn synced(path: &Path) -> Option<String> {
    path.ancestors().find_map(|folder| {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if FOLDERS.iter().any(|known| name.starts_with(known)) {
            return Some(folder.display().to_string());
        }
        let inside = fs::read_dir(folder).ok()?;
        let mark = |name: &String| MARKS.iter().any(|mark| name.starts_with(mark));
        let found = inside.filter_map(|one| one.ok()?.file_name().into_string().ok()).find(mark)?;
        Some(folder.join(found).display().to_string())
    })
}

/// What is wrong with the places on this machine that the settings name, in words.
pub fn faults(settings: &Settings, machine: &Machine) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for (setting, place) in plan::places(settings) {
        for fault in machine.faults(&place) {
            said.push(format!("{setting}, {}: {fault}", place.display()));
        }
    }
    // The secret lies in the clear by its nature, and must not be copied away.
    let secret = Path::new(&settings.secret_file);
    if secret.exists() {
        let copied = machine.faults(secret).into_iter().filter(|fault| !matches!(fault, Fault::Unencrypted(_)));
        said.extend(copied.map(|fault| format!("secret_file, {}: {fault}", secret.display())));
    }
    said
}

/// What to do about it.
pub const REMEDY: &str = "Put the data folder on an encrypted disk of this machine that no other program copies (LUKS), or say why this one \
                          will do: weaker_disk_because = \"the provider encrypts the volume\"";

/// The reason that the operator states for a disk that is not seen to be fit; none where it is too short to be one.
pub fn reason(settings: &Settings) -> Option<&str> {
    Some(settings.weaker_disk_because.trim()).filter(|reason| reason.chars().count() >= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "\
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
30 22 253:0 / /srv/sealed rw - ext4 /dev/mapper/sealed rw
31 22 253:2 / /srv/volume rw - xfs /dev/mapper/vg-data rw
32 22 253:3 / /srv/half rw - xfs /dev/mapper/vg-half rw
33 22 0:40 / /srv/butter\\040fat rw - btrfs /dev/mapper/sealed rw
34 22 0:41 / /srv/far rw - nfs4 server.example:/x rw
35 22 0:42 / /srv/own rw - fuse.gocryptfs /srv/cipher rw
36 22 0:43 / /srv/layers rw - overlay overlay rw
37 30 259:2 / /srv/sealed/again rw - ext4 /dev/nvme0n1p2 rw";

    fn machine() -> (tempfile::TempDir, Machine) {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("proc/self/mountinfo", LINES);
        write("sys/dev/block/259:2/partition", "2");
        write("sys/dev/block/253:0/dm/uuid", "CRYPT-LUKS2-0123-sealed\n");
        write("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-0123-sealed\n");
        for (device, below) in [("253:2", vec!["CRYPT-LUKS2-1"]), ("253:3", vec!["CRYPT-LUKS2-1", "DMRAID-1"])] {
            write(&format!("sys/dev/block/{device}/dm/uuid"), "LVM-abc");
            for (at, uuid) in below.iter().enumerate() {
                write(&format!("sys/dev/block/{device}/slaves/dm-{at}/dm/uuid"), uuid);
            }
        }
        write("dev/dm-0", "");
        fs::create_dir_all(folder.path().join("dev/mapper")).unwrap();
        std::os::unix::fs::symlink("../dm-0", folder.path().join("dev/mapper/sealed")).unwrap();
        let machine = Machine::at(folder.path().to_owned());
        (folder, machine)
    }

    #[test]
    fn what_is_encrypted_is_told_from_what_is_not() {
        let (_folder, machine) = machine();
        let mount = |path: &str| machine.mount(Path::new(path)).unwrap();
        for (path, encrypted) in [
            ("/srv/sealed/tanod", true),
            ("/srv/volume/tanod", true),
            ("/srv/half/tanod", false),
            ("/srv/butter fat/tanod", true),
            ("/srv/layers", false),
            ("/srv/sealed/again/tanod", false),
            ("/srv/sealedtoo", false),
            ("/home", false),
        ] {
            assert_eq!(machine.is_encrypted(&mount(path)), encrypted, "{path}");
        }
        assert_eq!((mount("/srv/far/x").kind.as_str(), mount("/srv/own").kind.as_str()), ("nfs4", "fuse.gocryptfs"));
        assert!(
            NETWORK.contains(&mount("/srv/far/x").kind.as_str())
                && ENCRYPTED.contains(&mount("/srv/own").kind.as_str())
        );
    }

    #[test]
    fn a_folder_that_is_copied_away_is_seen_by_its_name_and_by_its_marks() {
        let (folder, machine) = machine();
        let data = |name: &str| folder.path().join(name).join("tanod");
        let copied = |path: &Path| machine.faults(path).iter().any(|fault| matches!(fault, Fault::Synced(_)));
        assert!(!copied(&data("plain")));
        for name in ["OneDrive - Example", "Dropbox", "Nextcloud"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
            assert!(copied(&data(name)), "{name}");
        }
        for (name, mark) in [("a", ".stfolder"), ("b", ".sync_0123.db"), ("c", ".dropbox.cache")] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
            assert!(!copied(&data(name)));
            fs::write(folder.path().join(name).join(mark), "").unwrap();
            assert!(copied(&data(name)), "{mark}");
        }
    }
}
