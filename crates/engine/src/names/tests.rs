use super::*;

/// Names as machines and people give them, none of them personal.
const ORDINARY: &str = "
    part-00000.csv part-00001.csv part-00000 part00001 part-00012.snappy.parquet part-r-00003.gz.parquet
    part-00000-3a1e2f60-7c1d-4b1a-9f0e-2d0c5b6a7e81-c000.snappy.parquet part-m-00007 _SUCCESS _delta_log
    00000000000000000010.json 00000000000000000010.checkpoint.parquet 000000_0 000001_0 000000_0_copy_1
    00000-0-4f6cfa2e-data.parquet 00042-7-8c1b2d3e-00001.parquet base_0000012 delta_0000013_0000013_0000
    bucket_00000 attempt_202405011230_0001_m_000001_0 _temporary run-1700000000 export-1700000000 export-1700000000000
    dump_1714550400.sql snapshot-1714550400000 events-1714550400000000.ndjson 1714550400 1714550400000 1714550400000000
    customers20240101 customers_20240101.csv customers-2024-01-01.csv customers_2024_01_01 20240101 20240101.csv
    2024-01-01 2024-01 2024 2024Q1 Q12024 Q1-2024 W2024001 2024W01 2024-W01 FY2024 FY2023-24 fy20232024 H12024
    2024-05-01T12-30-00 20240501T123000Z 20240501-123000 20240501_123000 2024-05-01_12.30.00 20240501123000
    20240501-1230 240501-1230 240501-123000 20240501.1230 20240501-0001 2024-0001-0002 2024.05.01 01-05-2024
    01.05.2024 05012024 01052024 2024-05-01-000001 20240501000001 year=2024 month=05 day=01 dt=2024-05-01
    date=20240501 hour=2024050112 ts=1714550400 ingest_date=2024-05-01 batch_id=000123456 shard=00017
    order12345 order-12345678 order_123456789 orders_2024_000123 inv-2024-00017 INV-2024-000173.pdf INV0001234567
    invoice_0001234567.pdf RE-2024-00017 PO-4500012345 SO10012345 ticket-1234567 JIRA-12345 CASE00012345
    C10000 c10000 c10001 c12345 c99999 col10000 column_10000 field_00012 var00001 V1234567 v20240501 v2024050112
    v1.2.3 v1.2.3.4 1.2.3.4 10.0.0.1 192.168.1.10 ip-10-0-0-1 host-10-20-30-40 x86_64 amd64 log4j2 sha256 md5
    B25001 B25001_001E B01001 B01001_002M S1701 DP05 DP05_0001PE P0010001 H0030002 ACSDT5Y2022 ACSST1Y2021 B19013
    K202101 C17002 B25070_010E tl_2023_us_county tl_2023_06_tract GEOID10 ZCTA5 STATEFP20 NAICS2017 SIC1987 ISO3166
    ICD10 ICD10CM_2024 HS2017 SITC4 A10 B12 H2O CO2 PM10 PM25 NO2 a1b2c3d4 deadbeef 5f4dcc3b5aa765d6
    d41d8cd98f00b204e9800998ecf8427e e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    3a1e2f60-7c1d-4b1a-9f0e-2d0c5b6a7e81 3a1e2f607c1d4b1a9f0e2d0c5b6a7e81 0b1f0e6c-2024-4b1a-9f0e-000000000001
    507f1f77bcf86cd799439011 01HV3Y5K9QX8Z7W6V5T4S3R2Q1 cjld2cjxh0000qzrmn831i7rn 0x1f4a9c
    1234567890 0123456789 123456789 987654321 100000000 100000007 12345678 00000001 0000000001 1000000001 99999999
    12345678901 00000000001 20000000001 100200300 111111111 1111111111 11111111111 222222222 123-456-789 100-200-300
    123-456 12-34-56 1-2-3 0001-0002 000001-000002 000000-099999 1000-1999 10000000-19999999 00000000-0fffffff
    shard-00001-of-00128 train-00000-of-00042.parquet model-00001-of-00002.safetensors chunk_000123 segment-0000000017
    0000000100000000000000A1 00000001000000000000000C.partial 000000010000000000000001 wal-000001 base.tar.gz 16384
    pg_16384 16384.1 pg_toast_16384 t_16384_idx ibdata1 ib_logfile0 mysql-bin.000123 mysql-bin.000001 redo01.log
    binlog.000042 archive_1_12345_1098765432.dbf backup-2024-05-01.tar.gz backup_20240501_0300.bak db-20240501.dump
    backup@2024-05-01.csv nightly@20240501.tar dump@host.sql users@prod.csv logo@2x.png icon@3x.png react@18.2.0
    @id @type @context @attributes @timestamp id@odata.bind user@host a@b scope@1.0 2024@Q1
    access.log.1 access.log-20240501.gz access_log.20240501 catalina.2024-05-01.log syslog.7.gz app-2024-05-01.0.log
    IMG_20240501_123000.jpg IMG_1234.jpg DSC00012.JPG DSC_0001.NEF P1000123.JPG PXL_20240501_123000123.jpg
    VID-20240501-WA0001.mp4 Screenshot-2024-05-01-12-30-00.png scan0001.pdf scan_20240501_0001.pdf Scan-123456.pdf
    ABC123456 AB123456 A1234567 A12345678 AA1234567 XY123456789 X12345678 AB12345 AB-1234 AB-123-CD ABC-1234 ABC-123
    SKU12345678 SKU-0012345 MAT000012345 BATCH240501 LOT2024050101 lot-24-0501 SN123456789 SN0012345678 S12345678
    E100012345 P12345678 M12345678 D123456789 K1234567 L12345 N1234567 R2D2 T1234567 U123456 Z12345678 G12345678
    H123456789 EMP00012345 CUST0000012345 cust_0000012345 ACC-0000012345 acct_12345678 acc000123456789 user_1234567890
    u1234567890 uid1000001234 id_1000001234 tenant_000123456 org-1000000123 GR123456 SI2024 PT2024001 HR20240501
    EL2024050 DE2024 US2024 UK12345 fr_2024_0001 de-at-ch 784-2024 756.1 89.123 GL4500 KSK1 MARA BSEG VBAK T001 T005
    ZTAB00123 Z1SD0001 ZFI_00012345 BUT000 ADR6 KNA1 LFA1 PA0001 PA0002 HRP1000 USR02 E070 DD03L F0101 F4211 F03012
    tbl_001 table_1000000 tmp_20240501_1 tmp123456789 stg_0001234 t1 t2024 dim_date fact_sales_2024 users customers
    crm emails addresses persons employees.csv people.parquet readme.md LICENSE Makefile order-items archive.zip
    2401.00012 2024.12345v2 10.1000.182 RFC2822 ISO8601 EN13606 GB2312 EPSG4326 utm32n N52E013 n37w122 srtm_38_03
    S2A_MSIL1C_20240501T101031 LC08_L1TP_193023_20240501 MOD13Q1.A2024121 ERA5_2024_05 19850101 19991231 1999-12-31
    600519.SS 0700.HK 005930.KS US0378331005 DE0007164600 978-3-16-148410-0 9783161484100 4006381333931
    5901234123457 1Z999AA10123456784 RR123456785GB 00340434161094042557 JD014600003828392837 A-1 A-0001-0002
";

/// Names that nearly certainly are somebody.
const PERSONAL: &str = "
    ada@example.org ada@example.org.csv ada@example.org.csv.gz name.of.a.file@planted.example.csv
    name.of.a.folder@planted.example mail_ada@example.org.eml email=ada@example.org export(ada@example.org).json
    inbox.ada@example.org.mbox +491725550111 +49-172-5550111 +491725550111.vcf
    DE89370400440532013000 DE89370400440532013000.pdf statement_DE89370400440532013000.pdf DE02120300000000202051
    4111111111111111 4111-1111-1111-1111 card_4111111111111111.txt 219-09-9999 219-09-8888.pdf ssn=219-09-9999
    accounts.DE89370400440532013000.balance m.078-05-1120_w2.v
    ada@example.org-2024.csv hans.muster@example.org-4.csv w2-219-09-9999-2024.csv +491701234567-calls.csv
    anna%40example.org.csv ada@example.org2024.csv statement-DE89370400440532013000-05.pdf
";

fn library() -> std::sync::Arc<Library> {
    Library::builtin().expect("the rules of this build are sound")
}

#[test]
fn ordinary_names_stay_readable() {
    let library = library();
    let names: Vec<&str> = ORDINARY.split_whitespace().collect();
    assert!(names.len() > 350, "{}", names.len());
    let masked: Vec<&&str> = names
        .iter()
        .filter(|name| is_personal_name(&library, name))
        .collect();
    assert!(masked.is_empty(), "{masked:?}");
}

#[test]
fn what_names_a_person_does_not() {
    let library = library();
    for name in PERSONAL.split_whitespace() {
        assert!(is_personal_name(&library, name), "{name}");
    }
    assert!(is_personal_name(&library, "mail of ada@example.org"));
    assert!(is_personal_name(&library, "+49 172 5550111"));
    assert!(is_personal_name(&library, "4111 1111 1111 1111"));
}

/// Ten thousand names of one make: `9` stands for a digit, `A` for a letter, `h` for a hexadecimal digit.
fn share_of_masked(library: &Library, make: &str) -> f64 {
    const NAMES: u32 = 10_000;
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        (dice >> 16) % sides
    };
    let masked = (0..NAMES).filter(|_| {
        let name: String = make
            .chars()
            .map(|c| match c {
                '9' => char::from(b'0' + roll(10) as u8),
                'A' => char::from(b'A' + roll(26) as u8),
                'h' => char::from(b"0123456789abcdef"[roll(16) as usize]),
                other => other,
            })
            .collect();
        is_personal_name(library, &name)
    });
    masked.count() as f64 / f64::from(NAMES)
}

#[test]
fn numbered_names_are_hardly_ever_masked() {
    let library = library();
    let makes = [
        "part-99999",
        "order99999999",
        "inv-9999-99999",
        "A9999999",
        "AA9999999",
        "AAA999999",
        "c99999",
        "AA99999999",
        "AAA-999-999",
        "9999999",
        "99999999",
        "999999999",
        "9999999999",
        "99999999999",
        "999999999999",
        "9999999999999",
        "99999999999999",
        "9999-9999",
        "9999-9999-9999",
        "999-999-999",
        "999999-9999",
        "999999-999999",
        "17999999999",
        "1799999999",
        "1799999999999",
        "1799999999999999",
        "20999999999999",
        "hhhhhhhhhhhh",
        "hhhhhhhhhhhhhhhh",
        "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh",
        "AAAAAA999",
        "A999999999",
        "A99999999A",
    ];
    for make in makes {
        let share = share_of_masked(&library, make);
        println!("{make}: {share}");
        assert!(share <= 0.015, "{make}: {share}");
    }
}
