// A dataset as an Excel workbook of one sheet, streamed. Texts stand in their cells; what begins like a formula stays a text.
import { Zip, ZipDeflate } from 'fflate';
import { utf8 } from '../../base/index.ts';
import { Fault } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';
import { blockColumns, blocksOf, type Cells } from './blocks.ts';

/** Excel's own limits. */
const [mostRows, mostColumns, mostText] = [1_048_575, 16_384, 32_767];

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const files: Record<string, string> = {
  '[Content_Types].xml': `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`,
  '_rels/.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="data" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
  'xl/styles.xml': `<styleSheet xmlns="${main}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss.000"/></numFmts><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>`,
};

/** The bytes of a workbook. Throws `bad_request` for more than Excel holds. */
export async function* exportXlsx(reader: DatasetReader): AsyncGenerator<Uint8Array> {
  const columns = blockColumns(reader);
  if (reader.rows > mostRows || columns.length > mostColumns) {
    throw new Fault(
      'bad_request',
      `A sheet holds at most ${mostRows} rows and ${mostColumns} columns. Export as parquet or csv.`,
    );
  }
  const ready: Uint8Array[] = [];
  let failed: Error | undefined;
  const zip = new Zip((error, bytes) => {
    if (error) failed = error;
    else ready.push(bytes);
  });
  const add = (name: string) => {
    const file = new ZipDeflate(name, { level: 1 });
    zip.add(file);
    return file;
  };
  for (const [name, xml] of Object.entries(files)) add(name).push(utf8(head + xml), true);
  const sheet = add('xl/worksheets/sheet1.xml');
  sheet.push(
    utf8(
      `${head}<worksheet xmlns="${main}"><sheetData><row>${columns.map(({ name }) => textCell(name)).join('')}</row>`,
    ),
  );
  for (const { rows, cells } of blocksOf(reader, columns)) {
    for (let from = 0; from < rows; from += 1024) {
      let xml = '';
      for (let row = from; row < Math.min(rows, from + 1024); row++)
        xml += `<row>${cells.map((own) => cellOf(own, row)).join('')}</row>`;
      sheet.push(utf8(xml));
      if (failed) throw failed;
      yield* ready.splice(0);
    }
  }
  sheet.push(utf8('</sheetData></worksheet>'), true);
  zip.end();
  yield* ready.splice(0);
}

function cellOf(cells: Cells, row: number): string {
  const value = cells.values[row];
  if (value === null || Number.isNaN(value)) return '<c/>';
  if (typeof value === 'number') {
    if (cells.kind === 'number') return `<c><v>${value}</v></c>`;
    return value < firstDay
      ? textCell(new Date(value).toISOString())
      : `<c s="1"><v>${value / 86_400_000 + 25_569}</v></c>`;
  }
  return cells.kind === 'boolean' ? `<c t="b"><v>${value === 'true' ? 1 : 0}</v></c>` : textCell(value);
}

/** The 1st of March 1900: before it Excel counts a day that never was. */
const firstDay = Date.UTC(1900, 2, 1);

function textCell(text: string): string {
  if (text.length > mostText)
    throw new Fault('bad_request', `A cell of a sheet holds at most ${mostText} characters. Export as parquet or csv.`);
  // Characters that XML lacks, carriage returns it would change, and what would read as such a code.
  const escaped = text
    .replace(/_x(?=[0-9A-Fa-f]{4}_)/g, '_x005F_x')
    .replace(/\p{Cc}|[\ufffe\uffff]|\p{Cs}/gu, (c) => (c === '\t' || c === '\n' ? c : codeOf(c)))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
  return `<c t="inlineStr"><is><t xml:space="preserve">${escaped}</t></is></c>`;
}

const codeOf = (c: string): string => `_x${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;
