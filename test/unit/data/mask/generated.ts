// Texts with names in places where masking was not tuned: sentences of their own, names drawn at random from characters and
// syllables as people are called. Each carries where its names stand.
import { rng } from '../../../../engine/base/index.ts';
import type { Labelled } from './labelled.ts';

const surnames = Array.from(
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严武赖莫孔向温康施牛樊葛邢齐伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁',
);
const given = Array.from(
  '伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国文辉力志永健世广义兴良海山仁波宁贵福生龙元全胜学祥才发武新利清飞彬富顺信子琳林素青琴云菊萍珍贞莉凤洁凝晓欢枫芸菲寒欣滢伊亚宜可舒影思慧巧美淑惠珠雅芝彩春勤梅莲环雪荣爱香瑞凡佳嘉琼晶妍茜秋珊莎锦黛倩婷姣婉娴瑾颖露瑶怡婵雁仪荷丹蓉眉君琦梦岚苑婕馨媛雨泽睿博涵梓萱诗语桐辰逸皓铭俊鹏鑫凯旭东阳翔昌斌宏峰毅庆德诚先敬震会群豪心邦承乐绍功松善厚裕河哲江亮政谦亨轮翰朗若鸣朋栋维启克伦昱航景弘安盛瀚彦丞煜炎泉森淼冠策腾楠榕绪钧贤岳礼韬培延起家柱宝财银铁长满连虎雷帆舟玲娇嫣蕾蕊菁薇晗晔暖曼崇嵩川沛沐洛津浩润淇溪滨澄焕熙燕玮琪琨瑜璇璟璨绮莹衡诺谊赫迪道钰锋锐镇霖靖韶颂骏鸿鹤麒麟书画如意少双尚其季叔晚初星念依远致和雯佑祺禾木夏冬立本章典法科理智跃进解放卫东援朝向前建党小红',
);
const compounds = ['欧阳', '司马', '上官', '诸葛', '慕容', '皇甫', '司徒', '令狐'];

const zhTemplates = [
  '会议纪要：{n}汇报了第三季度的进度，{n}补充了预算。',
  '本周值日表：周一{n}，周二{n}，周三{n}。',
  '{n}把钥匙放在前台了，麻烦{n}下班前取走。',
  '快递员说包裹已经被{n}签收。',
  '昨晚{n}和{n}在球场打了两小时羽毛球。',
  '报名名单：{n}、{n}、{n}',
  '这篇论文的第一作者是{n}，通讯作者为{n}教授。',
  '请{n}同学于周五前交齐作业。',
  '房东{n}同意把租期延长到年底。',
  '手术由{n}主刀，{n}担任麻醉。',
  '收件人：{n}\n寄件人：{n}',
  '{n}女士反映洗衣机漏水，已安排师傅上门。',
  '我妈妈{n}今年六十岁了。',
  '据{n}回忆，事故发生在凌晨两点。',
  '经{n}介绍，他认识了现在的合伙人{n}。',
  '比赛结果：冠军{n}，亚军{n}。',
  '采购申请已由{n}审核，待{n}批准。',
  '乘客{n}的座位是12A，{n}的是12B。',
  '新来的实习生叫{n}，坐在窗边。',
  '“明天见。”{n}说完就走了。',
  '{n}（财务部）报销了三张发票。',
  '本案被告人{n}当庭认罪，辩护律师{n}请求从轻处罚。',
  '小区业主{n}投诉楼上噪音扰民。',
  '跟进人 {n} 2024-05-06 已回访',
  '姓名：{n}，性别：女，年龄：34',
  '感谢{n}老师三年来的教导。',
  '客服记录：{n}来电咨询退款，工号{n}受理。',
  '他的导师{n}院士刚刚获奖。',
  '{n}住院期间由女儿{n}陪护。',
  '主持人{n}宣布晚会开始。',
  '该账户的开户人为{n}，预留手机号已变更。',
  '项目组成员有{n}、{n}等五人。',
];
const zhPlain = [
  '今天的会议改到下午三点，地点不变。',
  '这款洗衣机噪音很小，性价比高，值得购买。',
  '系统将于周六凌晨升级，届时服务暂停两小时。',
  '王国的边界从河流一直延伸到山脉。',
  '高铁票已经售罄，只能改乘汽车。',
  '黄金价格连续三天上涨，白银跟着走高。',
  '方法一比方法二快，但是占用内存多。',
  '平台支持多种支付方式，余额可以提现。',
  '图书馆周一闭馆，其他时间照常开放。',
  '请在空白处填写意见，并在页脚签章。',
  '江南的梅雨季节通常在六月开始。',
  '马上就要考试了，大家抓紧复习。',
  '这批货物的包装有破损，要求退换。',
  '孩子们在花园里追逐，笑声不断。',
  '程序在启动时读取配置文件，然后连接数据库。',
  '夏天适合游泳，冬天适合滑雪。',
  '软件更新后，界面变得更加简洁。',
  '石油价格下跌，航空公司受益。',
  '经理要求各部门月底前提交报告。',
  '老师布置了三道应用题和一篇作文。',
  '温度过高会导致电池寿命缩短。',
  '周边有超市、医院和学校，交通方便。',
  '于是他决定放弃原来的计划，重新开始。',
  '项目延期的原因是需求变更频繁。',
];

const syllables = {
  start: ['Ka', 'Mi', 'Jo', 'El', 'Ra', 'So', 'Ben', 'Da', 'Lu', 'Ma', 'Ta', 'Ni', 'Vi', 'Ro', 'An', 'Pe'],
  end: [
    'rin',
    'chael',
    'anna',
    'las',
    'phie',
    'jamin',
    'niel',
    'cas',
    'ria',
    'mara',
    'na',
    'ctor',
    'bert',
    'drew',
    'ter',
  ],
};
const firsts = [
  'James',
  'Mary',
  'Robert',
  'Patricia',
  'Michael',
  'Linda',
  'David',
  'Elizabeth',
  'William',
  'Susan',
  'Thomas',
  'Karen',
  'Daniel',
  'Nancy',
  'Matthew',
  'Lisa',
  'Anthony',
  'Sandra',
  'Mark',
  'Ashley',
  'Steven',
  'Emily',
  'Andrew',
  'Donna',
  'Joshua',
  'Michelle',
  'Kevin',
  'Amanda',
  'Brian',
  'Melissa',
  'George',
  'Stephanie',
  'Edward',
  'Rebecca',
  'Ronald',
  'Laura',
  'Timothy',
  'Helen',
  'Jason',
  'Amy',
  'Jeffrey',
  'Anna',
  'Ryan',
  'Angela',
  'Jacob',
  'Ruth',
  'Gary',
  'Brenda',
  'Nicholas',
  'Pamela',
  'Eric',
  'Nicole',
  'Jonathan',
  'Katherine',
  'Priya',
  'Mohammed',
  'Aisha',
  'Diego',
  'Sofia',
  'Hans',
  'Ingrid',
  'Pierre',
  'Chloe',
  'Giulia',
  'Marco',
  'Yuki',
  'Kenji',
  'Fatima',
  'Omar',
  'Olga',
];
const lasts = [
  'Smith',
  'Johnson',
  'Brown',
  'Jones',
  'Garcia',
  'Miller',
  'Davis',
  'Rodriguez',
  'Martinez',
  'Hernandez',
  'Lopez',
  'Wilson',
  'Anderson',
  'Taylor',
  'Moore',
  'Jackson',
  'Martin',
  'Lee',
  'Thompson',
  'Harris',
  'Clark',
  'Lewis',
  'Robinson',
  'Walker',
  'Young',
  'Allen',
  'Wright',
  'Scott',
  'Torres',
  'Nguyen',
  'Hill',
  'Flores',
  'Green',
  'Adams',
  'Nelson',
  'Baker',
  'Hall',
  'Rivera',
  'Campbell',
  'Mitchell',
  'Carter',
  'Roberts',
  'Kowalski',
  'Schneider',
  'Dubois',
  'Rossi',
  'Tanaka',
  'Petrov',
  'Haddad',
  'Okafor',
  'Lindqvist',
  "O'Connor",
  'MacDonald',
  'Fernandez-Vega',
];
const enTemplates = [
  'Minutes: {n} presented the roadmap and {n} took questions.',
  'Please forward the invoice to {n} before Friday.',
  'On call this week: {n}, {n} and {n}.',
  'The patient, {n}, was discharged on Tuesday.',
  'Spoke with {n} about the broken boiler; she will call back.',
  'Signed by {n} on behalf of the tenants.',
  'Thanks, {n}',
  'Reviewed by: {n}',
  '{n} wrote: the second paragraph needs a source.',
  'Our new intern is called {n} and sits by the window.',
  'Parcel left with neighbour {n} at number 12.',
  'According to {n}, the meeting was moved to noon.',
  'Hi {n}, attached are the slides you asked for.',
  'The defendant {n} was represented by {n}.',
  'Dr. {n} performed the surgery with nurse {n} assisting.',
  'Ticket opened by {n}; assigned to {n}.',
  'My sister {n} lives in the house next door.',
  'Winner: {n}. Runner-up: {n}.',
  'Emergency contact: {n}, relationship: spouse',
  '{n} joined the company in 2015 and leads the design team.',
];
const enPlain = [
  'The package arrived late and the box was damaged.',
  'Please restart the server after applying the update.',
  'Christmas sales rose by four percent in December.',
  'The Python library reads Parquet files quickly.',
  'Monday is a public holiday in Austria.',
  'Turn left at the church and follow the river.',
  'The Linux kernel schedules threads fairly.',
  'Battery life is excellent but the screen scratches easily.',
  'Windows will be cleaned on Thursday morning.',
  'Our Berlin office moves to the third floor in May.',
  'Black Friday offers end at midnight.',
  'The Data Protection Act applies to every request.',
  'Quarterly revenue grew despite higher shipping costs.',
  'Install the latest Release Candidate and report bugs.',
  'Green tea and ginger biscuits are in the kitchen.',
  'The Supreme Court rejected the appeal on Wednesday.',
];

function labelledFrom(template: string, name: () => string): Labelled {
  const spans: Labelled['spans'] = [];
  let text = '';
  for (const [i, part] of template.split('{n}').entries()) {
    if (i > 0) {
      const own = name();
      spans.push({ kind: 'name', start: text.length, end: text.length + own.length });
      text += own;
    }
    text += part;
  }
  return { text, spans };
}

/** At least 400 texts of a language, a fifth of them without a name. */
export function generated(language: 'en' | 'zh', seed: number): Labelled[] {
  const random = rng(seed, 'names', language);
  const pick = <T>(items: readonly T[]): T => items[random.int(items.length)];
  const zhName = () => {
    const family = random.next() < 0.03 ? pick(compounds) : pick(surnames);
    return family + pick(given) + (random.next() < 0.8 ? pick(given) : '');
  };
  const enName = () => {
    const first = random.next() < 0.15 ? pick(syllables.start) + pick(syllables.end) : pick(firsts);
    const middle = random.next() < 0.1 ? ` ${'ABCDEHJKLMPRST'[random.int(14)]}.` : '';
    return `${first}${middle} ${pick(lasts)}`;
  };
  const [templates, plain, name] = language === 'zh' ? [zhTemplates, zhPlain, zhName] : [enTemplates, enPlain, enName];
  return [
    ...Array.from({ length: 320 }, (_, i) => labelledFrom(templates[i % templates.length], name)),
    ...Array.from({ length: 80 }, (_, i) => ({ text: plain[i % plain.length], spans: [] })),
  ];
}
