// What masking finds in a text: a place, a kind, and how sure it is. The shapes that the finders share.
import type { MaskKind } from '../../schema/index.ts';

/** `text.slice(start, end)` is of this kind with this probability. */
export interface Span {
  kind: MaskKind;
  start: number;
  end: number;
  /** 0 to 1: the share of such findings that are expected to be right. */
  score: number;
}

/** Findings below it are none. */
export const threshold = 0.5;

/** What the name of a column says about its cells. */
export type Hint = 'name' | 'address' | 'phone' | 'email' | 'id_card' | 'bank_card' | 'secret' | undefined;

/** A score as a probability. */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The last `most` characters before a place, lower case. */
export const before = (text: string, at: number, most = 24): string =>
  text.slice(Math.max(0, at - most), at).toLowerCase();

/** Numbers that are called something else than a person's: orders, parts, versions. */
export const otherNumber =
  /(?:orders?|invoice|sku|part|model|serial|isbn|issn|doi|refs?|reference|ticket|case|version|ver|build|release|batch|lot|tracking|shipment|article|item|product|catalog|barcode|upc|ean|imei|commit|hash|asset|job|run|row|page|p|size|port|pid|qty|amount|total|population|distance|timestamp|epoch|订单|单号|订单号|编号|型号|货号|版本|版本号|流水号|流水|工单|工单号|发票|发票号|发票代码|运单|运单号|快递单号|快递|批号|批次|序列号|条码|商品|商品编码|合同号|合同编号|案号|页|端口|金额|数量|共计|时间戳|设备号|税号|房号|学号|工号|尾号|票号|车次|航班)[\s_-]*(?:no|num|number|nr|id|code|#|号|码)?[\s.:#：=号为是-]*$/i;
