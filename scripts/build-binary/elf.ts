/** A section of an ELF file: what the linker saw. Offsets and sizes in bytes. */
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  /** Whether it is loaded into memory when the program runs. */
  readonly loaded: boolean;
  readonly offset: number;
  readonly size: number;
  /** Index of the section it refers to: a string table, for most. */
  readonly link: number;
  readonly info: number;
}

export const sectionType = { stringTable: 3, dynamic: 6, noBits: 8, versionNeeds: 0x6fff_fffe } as const;

/** Bytes of one entry in the table of sections, and of the head of the file (ELF-64, System V ABI chapter 4). */
export const sectionEntrySize = 64;
export const headSize = 64;

const loadedFlag = 2n;
const neededTag = 1n;

/** Reads ELF files of 64 bit and little endian: what Linux on x64 runs. */
export class Elf {
  readonly bytes: Buffer;
  readonly sections: readonly ElfSection[];

  /** @throws {TypeError} when the bytes are something else */
  constructor(bytes: Buffer) {
    if (bytes.length < headSize || bytes.readUInt32BE(0) !== 0x7f45_4c46 || bytes[4] !== 2 || bytes[5] !== 1) {
      throw new TypeError("This is no ELF file of 64 bit and little endian.");
    }
    this.bytes = bytes;
    const table = Number(bytes.readBigUInt64LE(0x28));
    const count = bytes.readUInt16LE(0x3c);
    const names = bytes.readUInt16LE(0x3e);
    const raw = Array.from({ length: count }, (_, index) => this.#entry(table + index * sectionEntrySize));
    const nameTable = raw[names];
    this.sections = raw.map(({ nameAt, ...section }) => ({ ...section, name: nameTable === undefined ? "" : this.#text(nameTable.offset + nameAt) }));
  }

  /** Libraries that must be there for the program to start, such as `libc.so.6`. */
  neededLibraries(): readonly string[] {
    const dynamic = this.sections.find(({ type }) => type === sectionType.dynamic);
    const strings = dynamic === undefined ? undefined : this.sections[dynamic.link];
    if (dynamic === undefined || strings === undefined) return [];
    const needed: string[] = [];
    for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
      if (this.bytes.readBigInt64LE(at) === neededTag) needed.push(this.#text(strings.offset + Number(this.bytes.readBigUInt64LE(at + 8))));
    }
    return needed;
  }

  /** Versions of symbols that those libraries must have, such as `GLIBC_2.28`: section `.gnu.version_r`. */
  neededVersions(): readonly string[] {
    const section = this.sections.find(({ type }) => type === sectionType.versionNeeds);
    const strings = section === undefined ? undefined : this.sections[section.link];
    if (section === undefined || strings === undefined) return [];
    const versions: string[] = [];
    for (let library = section.offset, left = section.info; left > 0; left -= 1) {
      const count = this.bytes.readUInt16LE(library + 2);
      for (let version = library + this.bytes.readUInt32LE(library + 8), more = count; more > 0; more -= 1) {
        versions.push(this.#text(strings.offset + this.bytes.readUInt32LE(version + 8)));
        version += this.bytes.readUInt32LE(version + 12);
      }
      library += this.bytes.readUInt32LE(library + 12);
    }
    return versions;
  }

  #entry(at: number): Omit<ElfSection, "name"> & { readonly nameAt: number } {
    return {
      nameAt: this.bytes.readUInt32LE(at),
      type: this.bytes.readUInt32LE(at + 4),
      loaded: (this.bytes.readBigUInt64LE(at + 8) & loadedFlag) !== 0n,
      offset: Number(this.bytes.readBigUInt64LE(at + 24)),
      size: Number(this.bytes.readBigUInt64LE(at + 32)),
      link: this.bytes.readUInt32LE(at + 40),
      info: this.bytes.readUInt32LE(at + 44),
    };
  }

  #text(at: number): string {
    return this.bytes.toString("latin1", at, this.bytes.indexOf(0, at));
  }
}
