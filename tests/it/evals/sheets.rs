//! Cases in and out as CSV, lines and JSON: what goes out comes back unchanged, and nothing is lost silently.

use serde_json::{Value, json};

use super::odd::odd_set;
use super::{CASES, all, counts, delete, patch, put, server_with_set};

#[test]
fn every_form_comes_back_unchanged() {
    let (server, before) = odd_set();
    let n = before.len() as u64;
    for form in [
        "format=csv",
        "format=csv&separator=semicolon",
        "format=csv&separator=tab",
        "format=jsonl",
    ] {
        let file = server.get(&format!("{CASES}?{form}"));
        assert_eq!(file.status, 200);
        if form.starts_with("format=csv") {
            assert!(
                file.body.starts_with(b"\xef\xbb\xbfcase"),
                "a spreadsheet knows that it is UTF-8"
            );
        }
        // It says the same as what is there, to the set itself and to another.
        assert_eq!(
            counts(&put(&server, CASES, &file.body).expect(200)),
            [0, 0, n, 0, 0],
            "{form}"
        );
        let other = format!("copy-{}", form.len());
        server
            .post("/api/v1/evals", json!({"name": other}).to_string())
            .expect(201);
        let path = format!("/api/v1/evals/{other}/cases");
        assert_eq!(
            counts(&server.post(&path, &file.body).expect(200)),
            [n, 0, 0, 0, 0],
            "{form}"
        );
        let again = server.get(&format!("{path}?{form}"));
        if form.starts_with("format=csv") {
            assert_eq!(again.body, file.body, "{form}");
        }
        assert_eq!(
            counts(&put(&server, CASES, &again.body).expect(200)),
            [0, 0, n, 0, 0],
            "{form}"
        );
    }
    assert_eq!(all(&server), before);
}

/// No cell of the file begins with what a spreadsheet would run or rewrite.
#[test]
fn no_cell_is_a_formula() {
    let (server, _) = odd_set();
    let file = server.get(&format!("{CASES}?format=csv")).body;
    let mut cells = 0;
    for record in csv::Reader::from_reader(file.strip_prefix(b"\xef\xbb\xbf").unwrap()).records() {
        for cell in &record.unwrap() {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\'', ' ']),
                "{cell:?}"
            );
            assert!(cell.parse::<f64>().is_err(), "{cell:?}");
            assert!(
                !cell.contains('\r') && cell.encode_utf16().count() <= 32_767,
                "{}",
                cell.len()
            );
            cells += 1;
        }
    }
    assert!(cells > 300);
}

#[test]
fn rows_are_answered_for_one_by_one() {
    let server = server_with_set();
    let file = "\u{feff}CASE;Input;Tags;Owner;expected\r\n\
        a;what?;\"x, y\";kim;\"one\r\ntwo\"\r\n\
        ;no name;;kim;\r\n\
        a;again;;;\r\n\
        ;;;;\r\n\
        b;\"two;parts\";x;;\r\n\
        c;too;many;cells;here;!\r\n\
        ;;only a tag;;\r\n";
    let dry = server.post(&format!("{CASES}?dry_run=true"), file).expect(207);
    assert_eq!((&dry["dry_run"], counts(&dry)), (&json!(true), [3, 0, 0, 0, 3]));
    assert_eq!(all(&server), Vec::<Value>::new());
    let told = server.post(CASES, file).expect(207);
    assert_eq!(counts(&told), [3, 0, 0, 0, 3], "{told}");
    assert_eq!(told["ignored_columns"], json!(["owner"]));
    let refused: Vec<_> = told["results"]
        .as_array()
        .unwrap()
        .iter()
        .take(3)
        .map(|row| (row["row"].clone(), row["code"].clone()))
        .collect();
    assert_eq!(
        refused,
        [(4, "repeated"), (7, "invalid_row"), (8, "missing")].map(|(row, code)| (json!(row), json!(code)))
    );
    let cases = all(&server);
    assert_eq!(
        cases[0],
        json!({"case": "a", "input": "what?", "expected": "one\ntwo", "rubric": null, "tags": ["x", "y"], "output_id": null})
    );
    assert_eq!(cases[1]["input"], "two;parts");
    // A row without a name is named by its input, the same each time.
    assert!(cases[2]["case"].as_str().unwrap().starts_with("case-"), "{}", cases[2]);
    assert_eq!(
        counts(&server.post(CASES, "input\nno  NAME\nnew\n").expect(200)),
        [1, 1, 0, 0, 0]
    );
}

#[test]
fn what_a_row_does_not_say_stays() {
    let server = server_with_set();
    server
        .post(
            CASES,
            r#"{"case":"a","input":"i","expected":"e","rubric":"r","tags":["t"]}"#,
        )
        .expect(200);
    let told = server.post(CASES, "case,expected,tags\na,new,\"u, t\"\n").expect(200);
    assert_eq!(
        (counts(&told), &told["results"][0]["fields"]),
        ([0, 1, 0, 0, 0], &json!(["expected", "tags"]))
    );
    // An empty cell empties, and so does null.
    server.post(CASES, "case,expected\na,\n").expect(200);
    let changed = patch(&server, &format!("{CASES}/a"), &json!({"rubric": null, "input": ""})).expect(200);
    assert_eq!(
        [
            &changed["input"],
            &changed["expected"],
            &changed["rubric"],
            &changed["tags"]
        ],
        [&json!(""), &json!(null), &json!(null), &json!(["u", "t"])]
    );
    patch(&server, &format!("{CASES}/a"), &json!({"case": "b"})).expect_problem(422, "invalid_body");
    patch(&server, &format!("{CASES}/a"), &json!({"input": 5})).expect_problem(422, "invalid_body");
    patch(&server, &format!("{CASES}/none"), &json!({"input": "x"})).expect_problem(404, "not_found");
    assert_eq!(delete(&server, &format!("{CASES}/a")).status, 204);
    delete(&server, &format!("{CASES}/a")).expect_problem(404, "not_found");
}

#[test]
fn replacing_deletes_what_is_not_there_and_says_so_first() {
    let server = server_with_set();
    server.post(CASES, "case,input\na,1st\nb,2nd\nc,3rd\n").expect(200);
    // A row of which nobody knows what case it is may be of any: then nothing is deleted.
    let unsure = put(&server, CASES, "case,input\na,1st\nb,2nd,too many\n").expect(207);
    assert_eq!(counts(&unsure), [0, 0, 1, 0, 1]);
    let unsure = put(&server, CASES, "case,input,tags\na,1st,\n,,x\n").expect(207);
    assert_eq!(counts(&unsure), [0, 0, 1, 0, 1]);
    // The case of a row that is not taken stays.
    let file = format!("case,input\na,1st\nb,\"{}\"\nd,new\n", "x".repeat(100_001));
    let dry = put(&server, &format!("{CASES}?dry_run=true"), &file).expect(207);
    assert_eq!(counts(&dry), [1, 0, 1, 1, 1]);
    let deleted: Vec<&Value> = dry["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["status"] == "deleted")
        .collect();
    assert_eq!((deleted.len(), &deleted[0]["case"]), (1, &json!("c")));
    assert_eq!(all(&server).len(), 3);
    assert_eq!(counts(&put(&server, CASES, &file).expect(207)), [1, 0, 1, 1, 1]);
    let names: Vec<Value> = all(&server).into_iter().map(|case| case["case"].clone()).collect();
    assert_eq!(names, ["a", "b", "d"]);
    let audit = server.get("/api/v1/audit?action=eval_cases_deleted").expect(200);
    assert_eq!(
        (&audit["data"][0]["subject"], &audit["data"][0]["detail"]),
        (&json!("refunds"), &json!({"cases": 1}))
    );
}

/// A quote too many makes text of all rows after it; cut short, so does an upload.
#[test]
fn a_quote_that_does_not_fit_deletes_nothing() {
    let server = server_with_set();
    let good: String = (0..50).map(|at| format!("k{at},question {at}\n")).collect();
    let good = format!("case,input\n{good}");
    server.post(CASES, &good).expect(200);
    let before = all(&server);
    let stray = good.replace("k2,question 2", "k2,\"question 2");
    let closed_later = stray.replace("k7,question 7", "k7,\"question 7\"");
    let cut = "case,input\r\nk0,\"question 0\"\r\n\r\nk1,\"quest";
    let by_semicolons = stray.replace(',', ";");
    for (body, line) in [(stray.as_str(), 4), (&closed_later, 4), (cut, 4), (&by_semicolons, 4)] {
        for path in [CASES.to_owned(), format!("{CASES}?dry_run=true")] {
            let problem = put(&server, &path, body).expect_problem(422, "invalid_body");
            let says = problem["detail"].as_str().unwrap();
            assert!(says.starts_with(&format!("line {line}: a quote")), "{says}");
        }
        server.post(CASES, body).expect_problem(422, "invalid_body");
    }
    assert_eq!(all(&server), before);

    let results = "case,score,output\nk0,1,\"abc\nk1,1,x\n";
    let run = server.post("/api/v1/evals/refunds/runs?name=n&version=v", results);
    let says = run.expect_problem(422, "invalid_body");
    assert!(says["detail"].as_str().unwrap().starts_with("line 2: "), "{says}");
    // Quotes inside of cells, and cells of several lines, are as they were.
    let fine = "case,input\na,5\" pipe\nb,\"one \"\"two\"\"\nthree\"\n";
    assert_eq!(counts(&server.post(CASES, fine).expect(200)), [2, 0, 0, 0, 0]);
}

#[test]
fn what_is_no_sheet_is_told() {
    let server = server_with_set();
    for (body, says) in [
        (&b""[..], "empty"),
        (b"name,text\na,b\n", "first row must name the columns"),
        (b"case,input,input\na,b,c\n", "twice"),
        (b"\xff\xfec\0a\0", "UTF-16"),
        (b"case,input\na,gr\xfc\xdfe\n", "not UTF-8"),
        (b"{\"cases\": 5}", "must be a list"),
        (b"{\"cases\": [], \"set\": 1}", "no such field"),
        (b"{\"case\": ", "not JSON"),
    ] {
        let problem = server.post(CASES, body).expect_problem(422, "invalid_body");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    let headers = [("content-encoding", "gzip")];
    server
        .request("POST", CASES, Some(&server.key), &headers, b"case\na\n")
        .expect_problem(415, "unsupported_encoding");
    // A bad line is told, and its neighbours are taken.
    let told = server
        .post(
            CASES,
            "{\"case\":\"a\"}\n{\"case\":\n[]\n{\"case\":7}\n{\"case\":\"b\",\"x\":1}\n",
        )
        .expect(207);
    assert_eq!(
        (counts(&told), &told["ignored_columns"]),
        ([2, 0, 0, 0, 3], &json!(["x"]))
    );
}

#[test]
fn cases_are_listed_page_by_page_and_searched() {
    let server = server_with_set();
    let rows: Vec<Value> = (0..25)
        .map(|at| json!({"case": format!("c{at:02}"), "input": if at == 7 { "a Needle 50%" } else { "hay" }, "tags": if at % 5 == 0 { vec!["fifth"] } else { vec![] }}))
        .collect();
    server.post(CASES, json!(rows).to_string()).expect(200);
    let mut names = Vec::new();
    let mut path = format!("{CASES}?limit=10");
    loop {
        let page = server.get(&path).expect(200);
        names.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|case| case["case"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("{CASES}?limit=10&cursor={cursor}");
    }
    assert_eq!(names.len(), 25);
    assert!(names.is_sorted());
    let found = |query: &str| {
        server.get(&format!("{CASES}?{query}")).expect(200)["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        [
            found("text=needle"),
            found("text=50%25"),
            found("text=5%25h"),
            found("tag=fifth"),
            found("tag=fif")
        ],
        [1, 1, 0, 5, 0]
    );
    server
        .get(&format!("{CASES}?limit=0"))
        .expect_problem(400, "invalid_parameter");
    server
        .get(&format!("{CASES}?limit=501"))
        .expect_problem(400, "invalid_parameter");
}
