// Names of people in Chinese characters. A surname with one or two characters after it is a candidate; a logistic model of how
// usual both are in names, of the words on either side, and of where ICU's dictionary cuts words decides.
import {
  commonSurnames,
  compoundSurnames,
  givenCharacters,
  neverGiven,
  notNames,
  rareSurnames,
} from './gazetteerHan.ts';
import { type Hint, sigmoid, type Span } from './span.ts';

const han = /\p{Script=Han}/u;
/** Words that stand right before a name. */
const cueBefore =
  /(?:姓名|名字|联系人|收件人|收货人|寄件人|发件人|客户|顾客|用户|患者|病人|病患|家属|家长|学生|同学|老师|员工|同事|经办人|负责人|申请人|被申请人|代理人|法定代表人|法人代表|法人|原告|被告|证人|当事人|委托人|受益人|投保人|被保险人|持卡人|户主|户名|开户名|业主|房东|租客|租户|乘客|旅客|司机|驾驶员|作者|编辑|记者|主编|导师|教授|医生|医师|主任|护士|经理|总监|总裁|董事长|校长|院长|局长|处长|科长|书记|市长|县长|主席|队长|班长|组长|店长|秘书|助理|律师|法官|检察官|工程师|设计师|讲师|主持人|嘉宾|歌手|演员|导演|会员|成员|候选人|应聘者|面试官|推荐人|介绍人|担保人|紧急联系人|本人|我叫|叫做|叫|名叫|我是|她是|他是|这是|是|署名|签名|签字|签收人|签收|落款|妻子|丈夫|儿子|女儿|父亲|母亲|爸爸|妈妈|哥哥|姐姐|弟弟|妹妹|爷爷|奶奶|外公|外婆|孙子|孙女|女士|先生|请|找|问|通知|联系|咨询|转告|告诉|感谢|谢谢|邀请|由|给|为|和|与|跟|同|及|对|向|让|把|被|替|陪|带|见|约|至|致|尊敬的|亲爱的|抄送|主送|拟稿|审核|审批|汇报人|报案人|报修人|投诉人|反馈人|预订人|入住人|订票人|购买人|付款人|收款人|转账给|汇款给|发给|寄给|交给|送给|借给|还给|来自|@|：|:|、|，|,|“|「|《|（|\(|【|\[|。|；|;|\n|\s|^)$/u;
const strongBefore =
  /(?:姓名|名字|联系人|收件人|收货人|寄件人|发件人|客户|顾客|患者|病人|家属|家长|学生|员工|同事|经办人|负责人|申请人|代理人|法定代表人|法人|原告|被告|证人|当事人|委托人|受益人|投保人|被保险人|持卡人|户名|开户名|业主|房东|租客|乘客|旅客|司机|驾驶员|作者|记者|导师|教授|医生|医师|主任|护士|经理|总监|董事长|校长|院长|局长|书记|秘书|助理|律师|法官|工程师|会员|候选人|推荐人|担保人|紧急联系人|本人|我叫|名叫|我是|署名|签名|签收人|签字|妻子|丈夫|儿子|女儿|父亲|母亲|爸爸|妈妈|哥哥|姐姐|弟弟|妹妹|尊敬的|亲爱的|邀请|抄送|审核人|审批人|汇报人|报案人|报修人|投诉人|反馈人|预订人|入住人|订票人|付款人|收款人|户主|老师|同学|班主任|队长|组长|店长|设计师|负责人是|操作员|复核人|录入人|客服|销售|会计|出纳|同事|保安|保洁|前台|顾问|教练|房客|房主|车主|司机是|找|请|问|叫)\s*(?:[:：是为]|\s)?\s*$/u;
const titleAfter =
  /^(?:先生|女士|小姐|太太|夫人|老师|医生|大夫|医师|教授|博士|同学|同志|经理|主任|主管|总监|总裁|总经理|董事长|院长|校长|局长|处长|科长|部长|书记|市长|县长|镇长|村长|主席|委员|队长|班长|组长|店长|秘书|助理|律师|法官|警官|工程师|师傅|阿姨|叔叔|爷爷|奶奶|大爷|大妈|哥|姐|总|工|导|护士|研究员|院士|代表|将军|上校|教练|记者|编辑|导演|会计|客服|站长|厂长|行长|园长|导师)/u;
const goesOn =
  /^(?:的|说|表示|称|认为|指出|介绍|告诉|回忆|在|于|从|来|去|到|将|已|会|要|想|又|也|就|都|和|与|跟|及|对|向|被|把|给|让|是|为|有|没|不|因|由|住|电话|手机|身份证|邮箱|微信|账号|银行|生于|出生|毕业|任|负责|参加|获得|获|提出|提交|申请|签|收|发|寄|买|购|订|付|支付|转|借|报|采访|主持|出席|出租|咨询|填写|开发|发布|演唱|讲解|授课|请假|缺勤|迟到|离职|入职|出差|值班|审批|合奏|合作|参与|收|拿|取|带|陪|看|吃|喝|跑|走|坐|站|赢|输|很|最|还|才|再|只|可以|能|应|必须|需|愿意|反馈|投诉|预约|预订|入住|乘坐|驾驶|登录|注册|联系|打|写|做|完成|确认|同意|审核|批准|今天|昨天|明天|今年|去年|刚|正|现|曾|于是|，|,|。|、|；|;|：|:|！|!|？|\?|（|\(|）|\)|”|」|》|】|\]|\/|\||\s|$|\d|[A-Za-z]|等|们|两人|夫妇|一家|本人|男|女)/u;

/** Someone by what he does: 被告人, 快递员, 设计师, 志愿者, 班长; and words of time, which sentences about people open with. */
const roleBefore = /\p{Script=Han}(?:人|员|师|者|长|工|方|主)(?:[是为有叫：:]|\s)*$/u;
const timeBefore =
  /(?:周[一二三四五六日天]|星期[一二三四五六日天]|[今昨明前后]天|[今昨明当]晚|今早|明早|[上下]午|中午|晚上|凌晨|去年|今年|[日号点时分])$/u;
/** Where 于 and 自 open a time or a place. */
const whenAfter = /^(?:周|星期|[今昨明前后本上下每去年]|\d|[一二三四五六七八九十]+[月日点年])/u;

/** A label before and nothing after: 收货人孙子涵。 There, what begins like a word (孙子) is a name all the same. */
const labelBefore = /(?:[人员者方]|姓名|客户|患者|家属|同事)(?:[:：是为]|\s)*$/u;
const closes = /^(?:[，。、；！？）)\s,;]|$)/u;

/** Rare surnames that are everyday characters. */
const riskySurnames = new Set(
  '平时向常温成路盛连全景和师强都计定单游满闻位包相利商况那干来容敬从国普支丰索宣易能由展元解项水边毕古简关季盖门管车明信初随但印要阳位新居植费化查问里有权束修养年红英',
);

/** Made for the first Chinese text: its dictionary would cost every process that loads this folder 30 ms. */
let segmenter: Intl.Segmenter | undefined;

interface Cuts {
  /** Start of the word that a place is in, and its end. */
  start: Int32Array;
  end: Int32Array;
}

function cutsOf(text: string): Cuts {
  const start = new Int32Array(text.length);
  const end = new Int32Array(text.length);
  segmenter ??= new Intl.Segmenter('zh', { granularity: 'word' });
  for (const { segment, index } of segmenter.segment(text)) {
    start.fill(index, index, index + segment.length);
    end.fill(index + segment.length, index, index + segment.length);
  }
  return { start, end };
}

/** The logit of `text.slice(at, at + surname + given)` being a name. */
function logit(text: string, at: number, surname: number, given: number, cuts: Cuts, hint: Hint): number {
  const end = at + surname + given;
  const name = text.slice(at, end);
  const chars = Array.from(text.slice(at + surname, end));
  if (chars.length !== given || chars.some((char) => !han.test(char))) return -9;
  const lead = text.slice(Math.max(0, at - 8), at);
  const tail = text.slice(end, end + 8);
  const family = text.slice(at, at + surname);
  const isExpected = hint === 'name' || strongBefore.test(lead);
  const isCommon = surname === 2 || commonSurnames.has(family);
  const isLabelled = given === 2 && labelBefore.test(lead) && closes.test(tail);
  const asWord = isLabelled ? 0.3 : 1;
  let sum = -1.95;
  sum += surname === 2 ? 2 : commonSurnames.has(family) ? 1.5 : riskySurnames.has(family) ? -0.8 : 0.95;
  for (const char of chars) {
    if (givenCharacters.has(char)) sum += given === 1 ? 1 : 0.75;
    else sum -= isExpected ? 0.1 : isCommon ? 0.6 : 1.3;
    if (neverGiven.has(char)) sum -= givenCharacters.has(char) ? 0.3 : 1.8;
  }
  // Surnames that are prepositions and everyday words far more often.
  if (/[于包原时和]/u.test(family) && !strongBefore.test(lead)) sum -= 1.3;
  if (family === '于' && whenAfter.test(text.slice(at + 1, at + 6))) sum -= 3;
  if (hint === 'name') sum += text.trim().length <= 6 ? 4 : 1;
  if (strongBefore.test(lead)) sum += 2.3;
  else if (roleBefore.test(lead)) sum += 1.2;
  else if (timeBefore.test(lead)) sum += 0.6;
  else if (cueBefore.test(lead)) sum += 0.6;
  else if (han.test(lead.at(-1) ?? ' ')) sum -= 0.5;
  if (titleAfter.test(tail)) sum += 2.2;
  else if (goesOn.test(tail)) sum += 0.9;
  else if (cuts.start[end] === end && cuts.end[end] >= end + 2)
    // What follows begins a word that the dictionary knows.
    sum += 0.5;
  else sum -= 0.6;
  if (given === 2) sum += 0.35;
  // Where the dictionary sees words.
  const firstWord = text.slice(cuts.start[at], cuts.end[at]);
  if (cuts.start[at] < at && han.test(text[cuts.start[at]])) sum -= 2.2;
  const lastEnd = cuts.end[end - 1];
  if (lastEnd > end) sum -= 2.4;
  if (
    cuts.end[at] >= at + 2 &&
    cuts.end[at] <= end &&
    cuts.start[at] === at &&
    firstWord !== name &&
    surname === 1 &&
    cuts.end[at] > at + 1
  ) {
    // The surname begins a word that the dictionary knows, and another character follows.
    sum -= asWord * (notNames.has(firstWord) ? 3 : 0.4);
  }
  if (cuts.start[at] === at && cuts.end[at] === end) {
    sum -= notNames.has(name) ? 4.5 : given === 1 ? 0.2 : -0.4;
    // 哈希, 齐全, 阿拉伯: what the dictionary knows and a rare surname begins is a word, where nothing speaks for a name.
    if (!isCommon && !isExpected && !titleAfter.test(tail)) sum -= 1.8;
  }
  if (notNames.has(name) || notNames.has(name.slice(0, 2))) sum -= asWord * 3.2;
  if (given === 2) {
    // 王伟说: the last character opens the next word.
    const lastStart = cuts.start[end - 1];
    if (lastStart === end - 1 && neverGiven.has(chars[1])) sum -= 1.6;
    if (
      lastStart === at + surname &&
      cuts.end[at + surname] === end &&
      !chars.every((char) => givenCharacters.has(char))
    )
      sum -= 1.6;
  }
  if (
    /(?:路|街|道|巷|市|省|县|区|镇|乡|村|号|楼|室|园|店|厂|站|河|湖|山|桥|寺|馆|院|站|港|湾|岛)/u.test(tail[0] ?? '') &&
    !titleAfter.test(tail) &&
    !/^(?:院长|路过|道歉|号码|站在|店长|园长|站长|厂长|馆长)/u.test(tail)
  )
    sum -= 2.2;
  if (/(?:中国|大学|公司|集团|有限|银行|医院)/u.test(tail)) sum -= 1.2;
  return sum;
}

/** Names of people in a text with Chinese characters. */
export function findHanNames(text: string, hint: Hint): Span[] {
  if (!han.test(text)) return [];
  const cuts = cutsOf(text);
  const found: Span[] = [];
  for (let at = 0; at < text.length; at++) {
    const two = text.slice(at, at + 2);
    const one = text[at] ?? '';
    const surname = compoundSurnames.has(two) ? 2 : commonSurnames.has(one) || rareSurnames.has(one) ? 1 : 0;
    if (surname === 0) continue;
    for (const given of [2, 1]) {
      const score = sigmoid(logit(text, at, surname, given, cuts, hint));
      if (score > 0.05) found.push({ kind: 'name', start: at, end: at + surname + given, score });
    }
    // 王先生: the surname alone.
    const tail = text.slice(at + surname, at + surname + 4);
    if (
      /^(?:先生|女士|小姐|太太|老师|医生|大夫|教授|经理|总监|师傅|律师|主任|同学|阿姨|叔叔|护士|警官|博士|院长|校长|局长)/u.test(
        tail,
      ) &&
      (surname === 2 || commonSurnames.has(one))
    ) {
      const bound = cuts.start[at] === at && (cuts.end[at] === at + surname || cuts.end[at] === at + surname + 2);
      if (bound && !notNames.has(text.slice(at, at + surname + 1)))
        found.push({ kind: 'name', start: at, end: at + surname, score: 0.72 });
    }
  }
  // Names of other languages: 约翰·史密斯, 阿依古丽·买买提.
  for (const match of text.matchAll(/\p{Script=Han}{1,6}[·•・‧]\p{Script=Han}{1,7}(?:[·•・‧]\p{Script=Han}{1,6})?/gu)) {
    const cue =
      /(?:联系人|姓名|客户|患者|收件人|我叫|名叫|作者|乘客|同学|先生|女士|由|是|叫|请|和|与|给|为|找|在|的|说)/u;
    let start = match.index;
    // Take what leads into the name off its front.
    const head = match[0].split(/[·•・‧]/)[0];
    const lead = cuts.start.slice(start, start + head.length);
    if (head.length > 3 && cue.test(head.slice(0, -1))) {
      const hit = [...head.matchAll(new RegExp(cue.source, 'gu'))].at(-1);
      if (hit && hit.index + hit[0].length < head.length - 0) start += hit.index + hit[0].length;
    } else if (head.length > 4) start = lead.find((place) => place > match.index) ?? start;
    found.push({
      kind: 'name',
      start,
      end: trimTransliterated(text, match.index + match[0].length, match[0]),
      score: 0.88,
    });
  }
  return found;
}

/** Characters that transliterations use end where other words begin. */
function trimTransliterated(text: string, end: number, match: string): number {
  const tail = match.slice(match.search(/[·•・‧][^·•・‧]*$/u) + 1);
  const stop = tail.search(/[的在于是说和与已将来到住电手女士先生老师博教授医表示,，。]/u);
  return stop > 0 ? end - (tail.length - stop) : Math.min(end, text.length);
}
