// Texts of every kind that masking was not tuned on: sentences, names and places of their own, values drawn at random with their
// check digits. Each carries where what must be found stands; a fifth of the texts has nothing but what looks like it.
import { type Rng, rng } from '../../../../engine/base/index.ts';
import { luhn, residentCheck } from '../../../../engine/data/mask/checks.ts';
import { type MaskKind, maskKinds } from '../../../../engine/schema/index.ts';
import type { Labelled } from './labelled.ts';

type Language = 'en' | 'zh';
type Made = (random: Rng) => string;

const pick = <T>(random: Rng, items: readonly T[]): T => items[random.int(items.length)];
const digits = (random: Rng, count: number) => Array.from({ length: count }, () => random.int(10)).join('');
const two = (value: number) => String(value).padStart(2, '0');
const letters = (random: Rng, count: number, from = 'abcdefghijklmnopqrstuvwxyz0123456789') =>
  Array.from({ length: count }, () => from[random.int(from.length)]).join('');
const mixed = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';

const lasts = {
  en: 'Abbott Barnes Calloway Dempsey Eastwood Fitzgerald Gallagher Hawkins Ibrahim Jennings Kaufman Lombardi McAllister Novak Osborne Pemberton Quigley Ramirez Sutherland Tremblay Underwood Vasquez Whitaker Yamamoto Zimmerman Bergström Kapoor Mbeki Ferreira Janssen Holloway Chaudhry'.split(
    ' ',
  ),
  zh: Array.from(
    '王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段',
  ),
} as const;
const firsts = {
  en: 'Abigail Bernard Cecilia Dominic Eleanor Felix Gwendolyn Harold Isabella Julian Kimberly Leonard Miranda Nathaniel Ophelia Preston Quentin Rosalind Sebastian Theresa Ursula Vincent Winifred Xavier Yolanda Zachary Ananya Bilal Camila Dmitri Emeka Freya'.split(
    ' ',
  ),
  zh: '子涵 欣怡 浩然 梓轩 雨桐 思远 佳宁 俊杰 晓彤 志远 文博 雅婷 天宇 若曦 建军 淑芬 国栋 海燕 丽华 明辉 静怡 宇航 诗涵 立新 春梅 永强 秀兰 振华 婉清 嘉豪 玉珍 伟 敏 磊 静 涛 倩 勇 颖 超 娜'.split(
    ' ',
  ),
} as const;

const ip: Made = (random) =>
  random.int(5) === 0
    ? `2001:db8:${letters(random, 4, '123456789abcdef')}:${letters(random, 3, '123456789abcdef')}::${letters(random, 2, '123456789abcdef')}`
    : `${pick(random, [10, 172, 193, 81, 46])}.${random.int(256)}.${random.int(256)}.${1 + random.int(254)}`;
const url: Made = (random) =>
  pick<Made>(random, [
    (own) => `https://api.${letters(own, 6, 'abcdefghij')}.example/v2/items?access_token=${letters(own, 32, mixed)}`,
    (own) => `postgres://${letters(own, 6, 'abcdefghij')}:${letters(own, 12, mixed)}@db.internal:5432/sales`,
    (own) =>
      `https://files.example.org/dl/report.pdf?X-Amz-Signature=${letters(own, 40, '0123456789abcdef')}&expires=3600`,
    (own) =>
      `http://${letters(own, 5, 'abcdefghij')}:${letters(own, 9, mixed)}@10.0.${own.int(200)}.${own.int(200)}/admin`,
  ])(random);
const secret: Made = (random) =>
  pick<Made>(random, [
    (own) => `ghp_${letters(own, 36, mixed)}`,
    (own) => `AKIA${letters(own, 16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
    (own) => `sk-${letters(own, 40, mixed)}`,
    (own) => `xoxb-${digits(own, 11)}-${digits(own, 11)}-${letters(own, 24, mixed)}`,
    (own) => `eyJhbGciOiJIUzI1NiJ9.eyJ${letters(own, 24, mixed)}.${letters(own, 43, mixed)}`,
  ])(random);
const bankCard: Made = (random) => {
  const body = pick(random, ['4', '51', '55', '6225', '6217', '37']);
  const length = body === '37' ? 15 : body.startsWith('62') && random.int(2) ? 19 : 16;
  const plain = body + digits(random, length - 1 - body.length);
  const whole = Array.from({ length: 10 }, (_, digit) => `${plain}${digit}`).find(luhn) ?? plain;
  return random.int(2) && length === 16 ? whole.replace(/(\d{4})(?=\d)/g, '$1 ') : whole;
};
const iban: Made = (random) => {
  const [country, body] = pick(random, [
    ['DE', digits(random, 18)],
    ['FR', `${digits(random, 10)}${letters(random, 11, '0123456789ABC')}${digits(random, 2)}`],
    ['GB', `${letters(random, 4, 'BARCLOYD')}${digits(random, 14)}`],
    ['NL', `${letters(random, 4, 'ABNRING')}${digits(random, 10)}`],
  ] as const);
  let rest = 0;
  for (const char of `${body}${country}00`)
    rest = Number(`${rest}${/\d/.test(char) ? char : char.charCodeAt(0) - 55}`) % 97;
  const whole = `${country}${two(98 - rest)}${body}`;
  return random.int(2) ? whole.replace(/(.{4})(?=.)/g, '$1 ') : whole;
};

const made: Record<Language, Record<MaskKind, Made>> = {
  en: {
    name: (random) =>
      `${pick(random, firsts.en)} ${random.int(8) === 0 ? `${letters(random, 1, 'ABCDEFGHJKLMNPRST')}. ` : ''}${pick(random, lasts.en)}`,
    email: (random) =>
      `${pick(random, firsts.en).toLowerCase()}${pick(random, ['.', '_', '-', ''])}${letters(random, 4)}${random.int(4) === 0 ? '+news' : ''}@${pick(random, ['brightwell.example', 'mail.example.co.uk', 'uni-hall.example.edu', 'gmail.com', 'proton.me'])}`,
    phone: (random) =>
      pick<Made>(random, [
        (own) => `(${2 + own.int(7)}${digits(own, 2)}) ${2 + own.int(7)}${digits(own, 2)}-${digits(own, 4)}`,
        (own) => `+1 ${2 + own.int(7)}${digits(own, 2)} ${2 + own.int(7)}${digits(own, 2)} ${digits(own, 4)}`,
        (own) => `+44 7${digits(own, 3)} ${digits(own, 6)}`,
        (own) => `+49 30 ${1 + own.int(9)}${digits(own, 6)}`,
        (own) => `020 7${digits(own, 3)} ${digits(own, 4)}`,
        (own) => `${2 + own.int(7)}${digits(own, 2)}-${2 + own.int(7)}${digits(own, 2)}-${digits(own, 4)}`,
      ])(random),
    id_card: (random) =>
      `${1 + random.int(6)}${digits(random, 2)}-${two(1 + random.int(98))}-${1 + random.int(9)}${digits(random, 3)}`,
    bank_card: bankCard,
    iban,
    ip,
    url,
    secret,
    address: (random) => {
      const number = 1 + random.int(4000);
      const street = `${pick(random, ['Willowbrook', 'Harcourt', 'Cedar Ridge', 'Saint Andrews', 'Kingfisher', 'Mulberry', 'Lakeview', 'Prospect', 'Old Mill', 'Granville'])} ${pick(random, ['Street', 'Avenue', 'Road', 'Lane', 'Drive', 'Court', 'Blvd', 'Rd', 'Ave', 'St'])}`;
      const flat = pick(random, ['', '', `, Apt ${1 + random.int(60)}`, `, Suite ${100 + random.int(400)}`]);
      const city = pick(random, [
        `Dayton, OH ${two(45)}${digits(random, 3)}`,
        `Tacoma, WA 98${digits(random, 3)}`,
        'Leeds LS6 2AB',
        'Bristol BS8 1TH',
        `Tucson, AZ 85${digits(random, 3)}`,
        '',
      ]);
      return `${number} ${street}${flat}${city ? `, ${city}` : ''}`;
    },
  },
  zh: {
    name: (random) => pick(random, lasts.zh) + pick(random, firsts.zh),
    email: (random) =>
      `${letters(random, 5, 'abcdefghijklmnopqrstuvwxyz')}${digits(random, 3)}@${pick(random, ['qq.com', '126.com', 'foxmail.com', 'sina.cn', 'corp.example.cn'])}`,
    phone: (random) =>
      pick<Made>(random, [
        (own) => `1${pick(own, ['35', '37', '50', '52', '77', '88', '99'])}${digits(own, 8)}`,
        (own) => `1${pick(own, ['36', '58', '87'])}-${digits(own, 4)}-${digits(own, 4)}`,
        (own) => `+86 1${pick(own, ['39', '51', '86'])} ${digits(own, 4)} ${digits(own, 4)}`,
        (own) => `0${pick(own, ['21', '755', '571', '28'])}-${2 + own.int(7)}${digits(own, 7)}`,
        (own) => `(010)${5 + own.int(4)}${digits(own, 7)}`,
      ])(random),
    id_card: (random) => {
      const plain = `${pick(random, ['110108', '310104', '440305', '330106', '510107', '420111', '610113'])}19${60 + random.int(39)}${two(1 + random.int(12))}${two(1 + random.int(28))}${digits(random, 3)}`;
      return plain + residentCheck(`${plain}?`);
    },
    bank_card: bankCard,
    iban,
    ip,
    url,
    secret,
    address: (random) => {
      const place = pick(random, [
        '北京市朝阳区',
        '上海市徐汇区',
        '广东省深圳市南山区',
        '浙江省宁波市鄞州区',
        '湖北省武汉市洪山区',
        '陕西省西安市雁塔区',
        '重庆市渝北区',
        '江苏省苏州市工业园区',
        '福建省厦门市思明区',
        '山东省青岛市市南区',
      ]);
      const road = `${pick(random, ['望京', '漕溪北', '科苑', '天童南', '珞喻', '科技二', '龙山', '星湖', '湖滨南', '香港中'])}${pick(random, ['路', '街', '大道'])}`;
      return `${place}${road}${1 + random.int(900)}号${pick(random, ['', '', `${1 + random.int(20)}栋${1 + random.int(4)}单元${100 + random.int(1900)}室`, `${1 + random.int(30)}楼`, `金地花园${1 + random.int(12)}幢`])}`;
    },
  },
};

const templates: Record<Language, readonly string[]> = {
  en: [
    'Visit note: {name} came in with a cough; lives at {address}; reachable on {phone}.',
    'Could you ring {phone} and ask for {name}?',
    'From: {name} <{email}>\nSubject: late fee',
    'We shipped the replacement to {address} yesterday.',
    'New tenant is {name}. Deposit comes from {iban}.',
    'SSN on file: {id_card}',
    'The charge went to card {bank_card}, which {name} says she never used.',
    'Failed login for {email} from {ip}',
    'export GITHUB_TOKEN={secret}',
    'curl -s "{url}"',
    'My new number is {phone}, please delete the old one.',
    'Met with {name} and {name} on Tuesday to go over the lease.',
    'Invoice for {name}, {address}',
    '{email} bounced, try {email} instead.',
    'Witness {name} stated that the car was blue.',
    'Please refund {bank_card}.',
    'Tax form lists {id_card} for the taxpayer {name}.',
    'Host {ip} sent 4,021 packets in ten minutes.',
    'Wire the rest to {iban} by Friday.',
    'I pasted the key by accident: {secret} - can somebody revoke it?',
    'Backup runs against {url} every night.',
    "{name}'s mother called; call her back at {phone} after five.",
    'Deliver to: {name}\n{address}',
    'Claimant: {name}; claim received by {name} on 3 March.',
    'According to the nurse, {name} refused dinner.',
    'She moved from {address} to {address}.',
    'Questions? Write to {email} or phone {phone}.',
    'The parcel for {name} is at the depot.',
    'api_key: "{secret}"',
    'blocked {ip} after three attempts',
  ],
  zh: [
    '住院登记：{name}，住址{address}，联系电话{phone}。',
    '麻烦您拨打{phone}，找一下{name}。',
    '发件人：{name} <{email}>，主题：逾期通知',
    '补发的货昨天已寄往{address}，请注意查收。',
    '新租客{name}，押金从{iban}转入。',
    '证件号码：{id_card}',
    '这笔消费记在卡{bank_card}上，{name}说她从没用过。',
    '账号{email}登录失败，来源{ip}',
    '环境变量里写的是 TOKEN={secret}',
    '脚本访问的地址是 {url} ，请不要外传',
    '我换号了，新号码{phone}，旧的请删掉。',
    '周二和{name}、{name}碰了一下租约的事。',
    '发票抬头寄给{name}，{address}',
    '{email}退信了，改发{email}吧。',
    '证人{name}称当时看到一辆蓝色轿车。',
    '请原路退回{bank_card}。',
    '纳税人{name}的身份证{id_card}已核对。',
    '主机{ip}十分钟内发出四千个包。',
    '余款周五前汇到{iban}。',
    '不小心把密钥贴出来了：{secret}，谁帮忙作废一下',
    '夜间备份走的是 {url}',
    '{name}的母亲来电，请五点后回拨{phone}。',
    '送货至：{address}，收货人{name}',
    '投保人{name}，受理人{name}，三月三日收件。',
    '护士说{name}昨晚没有吃饭。',
    '她从{address}搬到了{address}。',
    '如有疑问请写信到{email}或致电{phone}。',
    '{name}的包裹在驿站，取件码见短信。',
    'api_key: "{secret}"',
    '三次尝试后封禁{ip}',
  ],
};

/** Nothing here is about a person; `#` stands for a digit. */
const plain: Record<Language, readonly string[]> = {
  en: [
    'Order #######-## shipped with batch LX-####-##.',
    'Version 4.##.#.1 fixes the crash in the export dialog.',
    'Meeting moved from 2024-0#-1# to the following week.',
    'The Grand Canyon Railway opens at 9:30 on weekdays.',
    'Total: 1,2##,4##.## USD, tax included.',
    'See section 3.#.#.# of the manual for torque values.',
    'Amazon Web Services and Goldman Sachs published their results.',
    'Install with pip install numpy==1.2#.# and restart Jupyter Notebook.',
    'ISBN 978-0-###-#####-# is out of print.',
    'Humidity was ## percent in New Mexico, lower than in South Carolina.',
    'Docs live at https://docs.example.org/guide/install?lang=en',
    'Part 00##-####-#### does not fit the Model T hinge.',
    'Commit 9f#c4e#b7a1d##e8f was reverted on Monday.',
    'The Great Gatsby is on the reading list for Advanced English.',
    'Latency fell from 12#.4 ms to 8#.1 ms at the 99th percentile.',
  ],
  zh: [
    '订单号2024######0##已经发货，批次LX-####。',
    '4.#.#.1版本修复了导出时的崩溃。',
    '会议从2024年#月1#日改到下周。',
    '张家界的索道九点半开放，黄山要早一些。',
    '合计：1,2##,4##.##元，已含税。',
    '扭矩数值见手册3.#.#.#节。',
    '华为和高通发布了各自的季度业绩。',
    '先安装numpy 1.2#，再重启程序。',
    '书号978-7-###-#####-#已经绝版。',
    '白云山的湿度为##%，比石家庄低。',
    '文档地址是https://docs.example.org/guide/install?lang=zh',
    '零件00##-####不适配这款铰链。',
    '周末加班的同事周一可以调休，金额另算。',
    '《红楼梦》在高中语文的阅读书单里。',
    '延迟从12#.4毫秒降到8#.1毫秒。',
  ],
};

/** Some 500 texts of a language; the same seed gives the same ones. */
export function fresh(language: Language, seed: number, rounds = 14): Labelled[] {
  const random = rng(seed, 'fresh', language);
  const texts: Labelled[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const template of templates[language]) {
      const spans: Labelled['spans'] = [];
      let text = '';
      for (const part of template.split(/(\{\w+\})/)) {
        const kind = maskKinds.find((one) => `{${one}}` === part);
        const value = kind ? made[language][kind](random) : part;
        if (kind) spans.push({ kind, start: text.length, end: text.length + value.length });
        text += value;
      }
      texts.push({ text, spans });
    }
    for (const pattern of plain[language].slice(0, 8 + (round % 2) * 7).slice(round % 2 ? 8 : 0))
      texts.push({ text: pattern.replace(/#/g, () => String(random.int(10))), spans: [] });
  }
  return texts;
}
