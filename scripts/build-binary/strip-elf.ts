import { Elf, type ElfSection, headSize, sectionEntrySize, sectionType } from "./elf.ts";

const align = 8;

/**
 * A copy without what only a debugger reads: symbols and debug sections, some 17 MB of Node.js. Done here and not with
 * binutils' `strip`, so that the same lockfile gives the same bytes on every machine, with binutils or without.
 *
 * Sections that are loaded must come before all others in the file, as linkers lay them.
 *
 * @throws {TypeError} when the file is laid out in another way
 */
export function stripElf(bytes: Buffer): Buffer {
  const { sections } = new Elf(bytes);
  const lastLoaded = sections.findLastIndex(({ loaded }) => loaded);
  const kept = sections.slice(0, lastLoaded + 1);
  const end = Math.max(headSize, ...kept.map(endInFile));
  const table = Number(bytes.readBigUInt64LE(0x28));
  const programTable = Number(bytes.readBigUInt64LE(0x20));
  const isOrdered = kept.every(({ loaded, type }) => loaded || type === 0) && sections.slice(lastLoaded + 1).every(({ offset }) => offset >= end);
  if (!isOrdered || table < end || programTable >= end) throw new TypeError("The file does not keep what it loads before the rest.");

  const names = nameTable(kept);
  const namesAt = Math.ceil(end / align) * align;
  const tableAt = Math.ceil((namesAt + names.bytes.length) / align) * align;
  const stripped = Buffer.alloc(tableAt + (kept.length + 1) * sectionEntrySize);
  bytes.copy(stripped, 0, 0, end);
  names.bytes.copy(stripped, namesAt);
  for (const index of kept.keys()) {
    const at = tableAt + index * sectionEntrySize;
    bytes.copy(stripped, at, table + index * sectionEntrySize, table + (index + 1) * sectionEntrySize);
    stripped.writeUInt32LE(names.offsets[index] ?? 0, at);
  }
  writeNamesEntry(stripped, tableAt + kept.length * sectionEntrySize, { nameAt: names.own, offset: namesAt, size: names.bytes.length });
  stripped.writeBigUInt64LE(BigInt(tableAt), 0x28);
  stripped.writeUInt16LE(kept.length + 1, 0x3c);
  stripped.writeUInt16LE(kept.length, 0x3e);
  return stripped;
}

function endInFile({ type, offset, size }: ElfSection): number {
  return type === sectionType.noBits ? offset : offset + size;
}

function nameTable(sections: readonly ElfSection[]): { readonly bytes: Buffer; readonly offsets: readonly number[]; readonly own: number } {
  let text = "\0";
  const add = (name: string): number => {
    if (name === "") return 0;
    const at = text.length;
    text += `${name}\0`;
    return at;
  };
  const offsets = sections.map(({ name }) => add(name));
  const own = add(".shstrtab");
  return { bytes: Buffer.from(text, "latin1"), offsets, own };
}

function writeNamesEntry(into: Buffer, at: number, entry: { readonly nameAt: number; readonly offset: number; readonly size: number }): void {
  into.writeUInt32LE(entry.nameAt, at);
  into.writeUInt32LE(sectionType.stringTable, at + 4);
  into.writeBigUInt64LE(BigInt(entry.offset), at + 24);
  into.writeBigUInt64LE(BigInt(entry.size), at + 32);
  into.writeBigUInt64LE(1n, at + 48);
}
