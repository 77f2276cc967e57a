//! Names in scripts that write no blank between family and given name: the family name is the first character or two, and
//! few family names cover most people.

/// Most frequent Chinese family names, simplified and traditional (Ministry of Public Security, national name report).
const CHINESE: &str = "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖萧蕭田董袁潘于蒋蔣蔡余杜叶葉程苏蘇魏吕呂丁任沈姚卢盧姜崔钟鍾谭譚陆陸汪范石廖贾賈夏韦韋付傅方白邹鄒孟熊秦邱江尹薛闫閻段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔向汤湯常温溫康施文牛樊葛邢安齐齊易乔喬伍庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢单單季裴霍涂成苗谷盛曲翁冉骆駱蓝藍路游辛靳管柴蒙鲍鮑华華喻祁房滕屈饶饒解牟艾尤时時穆农農司卓古吉缪繆简簡车車项項连連芦蘆麦麥褚娄婁窦竇戚岑党宫宮费費卜冷晏席卫衛米柏宗瞿桂全佟应應臧闵閔苟邬鄔边邊卞姬师師和仇栾欒隋商刁沙荣榮巫寇桑郎甄丛叢仲虞敖巩鞏明佘池查麻苑迟遲邝鄺鄞";

/// Korean family names that cover nearly everybody (Statistics Korea, census by family name).
const KOREAN: &str = "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구나민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부가복태목형두감음빈동온호범좌팽승간시상갈단견당";

/// Frequent Japanese family names of two and more characters (by telephone directory counts, as published).
#[rustfmt::skip]
const JAPANESE: [&str; 120] = [
    "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田", "佐々木", "山口",
    "松本", "井上", "木村", "林", "斎藤", "斉藤", "清水", "山崎", "森", "阿部", "池田", "橋本", "山下", "石川", "中島",
    "前田", "藤田", "小川", "後藤", "岡田", "長谷川", "村上", "近藤", "石井", "坂本", "遠藤", "青木", "藤井", "西村",
    "福田", "太田", "三浦", "藤原", "岡本", "松田", "中川", "中野", "原田", "小野", "田村", "竹内", "金子", "和田", "中山",
    "石田", "上田", "森田", "原", "柴田", "酒井", "工藤", "横山", "宮崎", "宮本", "内田", "高木", "安藤", "谷口", "大野",
    "丸山", "今井", "高田", "藤本", "武田", "村田", "上野", "杉山", "増田", "平野", "大塚", "千葉", "久保", "松井", "小島",
    "岩崎", "桜井", "野口", "松尾", "野村", "木下", "菊地", "佐野", "大西", "杉本", "新井", "浜田", "菅原", "市川", "水野",
    "小松", "島田", "古川", "小山", "高野", "山内", "西田", "菊池", "西川", "五十嵐", "北村", "安田", "中田", "川口", "平田",
    "川崎", "若松",
];

/// Characters in which names of shops, firms, offices and schools end, and no given name.
const HOUSES: &str = "店社院校局館馆部課课室所厂廠司屋堂園园";

fn is_house(text: &str) -> bool {
    text.chars()
        .last()
        .is_some_and(|last| HOUSES.contains(last))
}

fn han(text: &str) -> bool {
    text.chars()
        .all(|c| matches!(c, '\u{3400}'..='\u{9fff}' | '々'))
}

/// A Chinese name: two to four characters, the first (or, rarely, the first two together) a frequent family name.
pub(super) fn chinese_name(text: &str) -> bool {
    const DOUBLE: [&str; 8] = [
        "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "夏侯",
    ];
    let mut characters = text.chars();
    han(text)
        && !is_house(text)
        && (2..=4).contains(&text.chars().count())
        && (characters
            .next()
            .is_some_and(|first| CHINESE.contains(first))
            || DOUBLE.iter().any(|name| text.starts_with(name)))
}

/// A Japanese name: a frequent family name, then one to three characters.
pub(super) fn japanese_name(text: &str) -> bool {
    let given = |rest: &str| {
        let rest = rest.trim_start_matches([' ', '\u{3000}']);
        (1..=4).contains(&rest.chars().count())
            && rest
                .chars()
                .all(|c| han(c.encode_utf8(&mut [0; 4])) || matches!(c, '\u{3041}'..='\u{30ff}'))
    };
    let mut families = JAPANESE.iter();
    !is_house(text) && families.any(|name| text.strip_prefix(name).is_some_and(given))
}

/// What stands right before the name of a person in Chinese and Japanese text, which has no blanks: who is to be reached, who
/// takes something, whose it is.
const CALLED: [&str; 24] = [
    "转交",
    "转给",
    "轉交",
    "联系人",
    "聯絡人",
    "收件人",
    "收货人",
    "寄件人",
    "签收人",
    "代收人",
    "经办人",
    "负责人",
    "请联系",
    "请找",
    "患者",
    "客户",
    "投保人",
    "被保险人",
    "申请人",
    "监护人",
    "家属",
    "担当者",
    "担当",
    "連絡先",
];

/// What is said behind a name.
const SAID: [&str; 8] = ["先生", "女士", "小姐", "太太", "様", "さん", "氏", "收"];

/// A Chinese or Japanese name behind what says that it is one: `请转交张伟先生`.
pub(super) fn called_han_name(text: &str) -> bool {
    let behind = |cue: &str| text.rfind(cue).map(|at| at + cue.len());
    let Some(from) = CALLED.iter().filter_map(|cue| behind(cue)).max() else {
        return false;
    };
    let name = text[from..].trim_start_matches(['：', ':', ' ', '\u{3000}']);
    let mut said = SAID.iter();
    let name = said
        .find_map(|said| name.strip_suffix(said))
        .unwrap_or(name);
    chinese_name(name) || japanese_name(name)
}

/// A Korean name: two to four syllables, the first a family name.
pub(super) fn korean_name(text: &str) -> bool {
    (2..=4).contains(&text.chars().count())
        && text.chars().all(|c| matches!(c, '\u{ac00}'..='\u{d7a3}'))
        && text
            .chars()
            .next()
            .is_some_and(|first| KOREAN.contains(first))
}
